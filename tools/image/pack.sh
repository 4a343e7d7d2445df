#!/usr/bin/env bash
# Packs static binaries into images FROM scratch, as OCI archives, with buildah and without a
# registry or a daemon. The same commit gives the same digest. deploy/Dockerfile makes the same
# images where base images can be pulled; a test compares the two.
#
# usage: pack.sh TOOLS BINARIES ARCHITECTURE DESTINATION
#   TOOLS          where tools/ops/image.sh installed
#   BINARIES       the folder with what tools/image/compile.sh compiled
#   ARCHITECTURE   amd64 or arm64
#   DESTINATION    where the archives go, each with its bill of materials beside it
set -euo pipefail

tools="$(realpath "${1:?usage: pack.sh TOOLS BINARIES ARCHITECTURE DESTINATION}")"
binaries="$(realpath "${2:?no binaries}")"
architecture="${3:?no architecture}"
destination="${4:?no destination}"
mkdir -p "$destination"
destination="$(realpath "$destination")"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version="$(cargo pkgid --locked --package export-worker | sed 's/.*[#@]//')"
if revision="$(git rev-parse HEAD 2>/dev/null)"; then
    seconds="$(git show --no-patch --format=%ct HEAD)"
    git diff --quiet HEAD || revision+="-dirty"
else
    # Sources without their history.
    revision=unknown
    seconds="${SOURCE_DATE_EPOCH:-0}"
fi
created="$(date --utc --date "@$seconds" +%Y-%m-%dT%H:%M:%SZ)"

PATH="$tools/bin:$PATH"
scratch="$(mktemp -d)"
container=
finish() {
    [[ -z "$container" ]] || buildah rm "$container" >/dev/null
    chmod -R u+w "$scratch"
    rm -rf "$scratch"
}
trap finish EXIT

# usage: pack PACKAGE COMMAND DESCRIPTION
pack() {
    local package="$1" command="$2" description="$3"
    local archive="$destination/$package-$version.oci.tar" files="$scratch/$package"
    local settings=(
        --arch "$architecture" --user 65532:65532 --workingdir /
        --entrypoint "[\"/$package\"]" --cmd "$command" --port 8080/tcp
        --label "org.opencontainers.image.title=$package"
        --label "org.opencontainers.image.description=$description"
        --label "org.opencontainers.image.version=$version"
        --label "org.opencontainers.image.revision=$revision"
        --label "org.opencontainers.image.created=$created"
        --label "org.opencontainers.image.licenses=Apache-2.0"
        --label "org.opencontainers.image.source=https://github.com/export-worker/export-worker"
    )

    tools/image/files.sh "$package" "$binaries" "$tools/image/ca-certificates.crt" "$architecture" "$created" "$files"
    container="$(buildah from scratch)"
    buildah config "${settings[@]}" "$container"
    buildah add --quiet --chown 0:0 "$container" "$files" / >/dev/null
    rm -f "$archive"
    buildah commit --quiet --signature-policy "$tools/image/policy.json" --timestamp "$seconds" --format oci --rm \
        "$container" "oci-archive:$archive:$version" >/dev/null
    container=

    # For who scans without opening images.
    install -m 644 "$files/usr/share/sbom/$package.cdx.json" "$destination/$package-$version.cdx.json"
    printf '%s  %s MB  %s\n' "$archive" "$(stat --format %s "$archive" | awk '{ printf "%.1f", $1 / 1e6 }')" \
        "$(tar --extract --to-stdout --file "$archive" index.json | grep -o 'sha256:[0-9a-f]*' | head -n 1)"
}

pack export-worker run "Turns export jobs into Parquet files in Google Cloud Storage, through Starburst or Trino, and reports what landed"
pack export-control-plane serve "The reference Control Plane: a queue of export jobs over HTTP, on SQLite or PostgreSQL"
