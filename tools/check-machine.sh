#!/usr/bin/env bash
# Says what this machine lacks, all at once, with the command that installs it.
# usage: check-machine.sh build|python
set -euo pipefail

packages=()
has() { command -v "$1" >/dev/null 2>&1; }

case "${1:-}" in
    build)
        if ! has "${CARGO:-cargo}"; then
            echo "error: Rust is missing; install it from https://rustup.rs:" >&2
            echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
            exit 1
        fi
        # ring and SQLite are compiled from C; cc also links.
        if ! has "${CC:-cc}"; then packages+=(build-essential); fi
        ;;
    python)
        # venv without ensurepip is what Debian ships without python3-venv; pip alone will do too.
        if ! has python3; then
            packages+=(python3 python3-venv)
        elif ! python3 -c 'import ensurepip, venv' 2>/dev/null && ! python3 -m pip --version >/dev/null 2>&1; then
            packages+=(python3-venv)
        fi
        ;;
    *)
        echo "usage: $0 build|python" >&2
        exit 64
        ;;
esac

if ((${#packages[@]})); then
    echo "error: this machine lacks ${packages[*]}; install with:" >&2
    echo "  sudo apt-get install -y ${packages[*]}" >&2
    exit 1
fi
