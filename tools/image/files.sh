#!/usr/bin/env bash
# Lays out everything an image holds: a static binary, certificate authorities, the licence and a
# bill of materials. Nothing in it can be written to, and there is no shell. For deploy/Dockerfile
# and for tools/image/pack.sh.
#
# usage: files.sh PACKAGE BINARIES AUTHORITIES ARCHITECTURE CREATED DESTINATION
#   PACKAGE        a package of this workspace
#   BINARIES       the folder with what tools/image/compile.sh compiled
#   AUTHORITIES    a PEM file of certificate authorities
#   ARCHITECTURE   amd64 or arm64
#   CREATED        time of the commit, as 2026-01-02T03:04:05Z
#   DESTINATION    the root of the image, new
set -euo pipefail

package="${1:?usage: files.sh PACKAGE BINARIES AUTHORITIES ARCHITECTURE CREATED DESTINATION}"
binaries="${2:?no binaries}"
authorities="${3:?no authorities}"
architecture="${4:?no architecture}"
created="${5:?no time}"
destination="${6:?no destination}"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

processor="$(sed 's/amd64/x86_64/; s/arm64/aarch64/' <<<"$architecture")"
bill="$destination/usr/share/sbom/$package.cdx.json"

install -D -m 555 "$binaries/$package" "$destination/$package"
install -D -m 444 "$authorities" "$destination/etc/ssl/certs/ca-certificates.crt"
install -D -m 444 "$root/LICENSE" "$destination/usr/share/doc/$package/LICENSE"
mkdir -p "$(dirname "$bill")"
python3 -B "$root/tools/image/sbom.py" "$package" "$processor-unknown-linux-musl" "$created" >"$bill"
chmod 444 "$bill"
find "$destination" -type d -exec chmod 555 {} +
