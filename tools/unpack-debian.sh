#!/usr/bin/env bash
# Unpacks Debian packages into a folder. Needs no root, installs nothing on the machine, runs no
# script of the packages; what they depend on is not fetched. apt checks their signatures.
#
# usage: unpack-debian.sh FOLDER PACKAGE[=VERSION]...
set -euo pipefail

folder="${1:?usage: unpack-debian.sh FOLDER PACKAGE[=VERSION]...}"
shift

downloads="$(mktemp -d)"
trap 'rm -rf "$downloads"' EXIT
cd "$downloads"

# Root's downloads are done by the user _apt where it can write here.
chmod 755 "$downloads"
[[ "$(id -u)" != 0 ]] || chown _apt "$downloads" 2>/dev/null || true

if ! apt-get download -qq "$@" 2>/dev/null; then
    # The machine's lists are missing or older than the archive: fresh ones, of our own.
    rm -f ./*.deb
    lists=(-o "Dir::State::lists=$downloads/lists/" -o "Dir::Cache=$downloads/cache/")
    mkdir -p lists/partial cache/archives/partial
    apt-get update -qq "${lists[@]}"
    apt-get download -qq "${lists[@]}" "$@"
fi

mkdir -p "$folder"
for package in ./*.deb; do
    dpkg-deb --extract "$package" "$folder"
done
