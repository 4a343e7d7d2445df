#!/usr/bin/env bash
# What `make image` needs, into FOLDER: zig as the C compiler for musl, certificate authorities,
# buildah, and the standard library of Rust for static binaries (this one through rustup).
#
# usage: image.sh FOLDER
set -euo pipefail

folder="${1:?usage: image.sh FOLDER}"
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Upstream's version of buildah in Debian 12; other releases of Debian carry another, which may do as well.
tested=1.28

# Outside the stamp: a new toolchain comes without it. Nothing happens where it is there.
target="$(uname -m)-unknown-linux-musl"
if ! rustc --print sysroot | xargs -I{} test -d "{}/lib/rustlib/$target/lib"; then
    if ! command -v rustup >/dev/null; then
        echo "error: this Rust has no standard library for $target and no rustup to fetch it; install Rust from https://rustup.rs" >&2
        exit 1
    fi
    (cd "$tools/.." && rustup --quiet target add "$target")
fi

home="$folder/image"
stamp="$home/installed"
wanted="$(cat "${BASH_SOURCE[0]}" "$tools/unpack-debian.sh" "$tools/requirements-image.txt" | sha256sum | cut -d' ' -f1)"
if [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" && -x "$folder/bin/buildah" ]]; then
    exit 0
fi

echo "installing zig, certificate authorities and buildah into $home" >&2
rm -rf "$home"
mkdir -p "$home" "$folder/bin"

"$tools/install-python.sh" "$folder" "$home/python" "$tools/requirements-image.txt"
ln -sfn "../image/python/ziglang/zig" "$folder/bin/zig"
ln -sfn "python/certifi/cacert.pem" "$home/ca-certificates.crt"

# With the libraries that it is linked to and a server may lack.
"$tools/unpack-debian.sh" "$home/buildah" buildah libassuan0 libdevmapper1.02.1 libgpgme11 libseccomp2 libsubid4

# Of its own: nothing of the machine's containers, registries or policies is read or changed.
# Where no base image is pulled, none is trusted.
cat >"$home/policy.json" <<'POLICY'
{"default": [{"type": "reject"}], "transports": {"containers-storage": {"": [{"type": "insecureAcceptAnything"}]}, "oci-archive": {"": [{"type": "insecureAcceptAnything"}]}}}
POLICY
echo 'unqualified-search-registries = []' >"$home/registries.conf"

cat >"$folder/bin/buildah" <<'WRAPPER'
#!/usr/bin/env bash
# Debian's buildah, unpacked, with storage and settings of its own.
set -euo pipefail

home="$(cd "$(dirname "${BASH_SOURCE[0]}")/../image" && pwd)"
libraries="$(printf '%s:' "$home"/buildah/usr/lib/*-linux-gnu "$home"/buildah/lib/*-linux-gnu)"
export CONTAINERS_REGISTRIES_CONF="$home/registries.conf" LD_LIBRARY_PATH="${libraries%:}"
# vfs: plain folders, which work on every file system, and in a container too.
exec "$home/buildah/usr/bin/buildah" --root "$home/storage" --runroot "$home/run" --storage-driver vfs \
    --registries-conf "$home/registries.conf" "$@"
WRAPPER
chmod +x "$folder/bin/buildah"

said="$("$folder/bin/buildah" --version)"
if [[ "$said" != "buildah version $tested."* ]]; then
    echo "warning: buildah $tested was tested, this is: $said" >&2
fi
echo "$wanted" >"$stamp"
