#!/usr/bin/env bash
# Says what this machine lacks, all at once, with the commands that install it.
# usage: check-machine.sh [build] [python] [ops] [kubernetes]
set -euo pipefail

rust_missing=false
packages=()
has() { command -v "$1" >/dev/null 2>&1; }

for need in "$@"; do
    case "$need" in
        build)
            has "${CARGO:-cargo}" || rust_missing=true
            # ring and SQLite are compiled from C; cc also links.
            has "${CC:-cc}" || packages+=(build-essential)
            ;;
        python)
            # Debian ships venv without ensurepip unless python3-venv is there; pip alone will do too.
            if ! has python3; then
                packages+=(python3 python3-venv)
            elif ! python3 -c 'import ensurepip, venv' 2>/dev/null && ! python3 -m pip --version >/dev/null 2>&1; then
                packages+=(python3-venv)
            fi
            ;;
        ops)
            # The tools of Kubernetes are built from the Go module proxy; an older Go fetches the right one.
            has go || packages+=(golang-go)
            # Certificates of servers that no authority vouches for.
            has openssl || packages+=(openssl)
            ;;
        kubernetes)
            # The clusters of the tests prove themselves with certificates made on the spot.
            has openssl || packages+=(openssl)
            ;;
        *)
            echo "usage: $0 [build] [python] [ops] [kubernetes]" >&2
            exit 64
            ;;
    esac
done

if $rust_missing; then
    echo "error: Rust is missing; install it with:" >&2
    echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
fi
if ((${#packages[@]})); then
    echo "error: this machine lacks ${packages[*]}; install with:" >&2
    echo "  sudo apt-get install -y ${packages[*]}" >&2
fi
if $rust_missing || ((${#packages[@]})); then exit 1; fi
