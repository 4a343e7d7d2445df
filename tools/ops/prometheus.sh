#!/usr/bin/env bash
# Prometheus and promtool, from Debian's package, into FOLDER/prometheus and FOLDER/bin.
#
# usage: prometheus.sh FOLDER
set -euo pipefail

folder="${1:?usage: prometheus.sh FOLDER}"
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Upstream's version. Debian's part of it is left open: of a stable release the archive keeps
# only the newest security fix.
version=2.42.0

home="$folder/prometheus"
stamp="$home/installed"
wanted="$version $(cat "${BASH_SOURCE[0]}" "$tools/unpack-debian.sh" | sha256sum | cut -d' ' -f1)"
if [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" && -x "$folder/bin/promtool" && -x "$folder/bin/prometheus" ]]; then
    exit 0
fi

echo "installing Prometheus $version into $home" >&2
rm -rf "$home"
"$tools/unpack-debian.sh" "$home" prometheus
mkdir -p "$folder/bin"
for program in prometheus promtool; do
    ln -sfn "../prometheus/usr/bin/$program" "$folder/bin/$program"
    said="$("$folder/bin/$program" --version 2>&1 | head -n 1)"
    if [[ "$said" != "$program, version $version"* ]]; then
        echo "error: $program is to be $version, but says: $said" >&2
        exit 1
    fi
done
echo "$wanted" >"$stamp"
