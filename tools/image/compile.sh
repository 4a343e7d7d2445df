#!/usr/bin/env bash
# Compiles static release binaries, for this machine's processor or another's, and puts them into
# a folder. The same sources give the same bytes wherever they lie.
#
# usage: compile.sh ZIG ARCHITECTURE DESTINATION PACKAGE...
#   ZIG            zig's program
#   ARCHITECTURE   amd64 or arm64
#   DESTINATION    where the binaries go
#   PACKAGE        packages of this workspace
set -euo pipefail

export ZIG="${1:?usage: compile.sh ZIG ARCHITECTURE DESTINATION PACKAGE...}"
architecture="${2:?no architecture}"
destination="${3:?no destination}"
packages=("${@:4}")
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
cd "$root"

case "$architecture" in
    amd64) processor=x86_64 ;;
    arm64) processor=aarch64 ;;
    *)
        echo "error: no images are made for $architecture; amd64 and arm64 are known" >&2
        exit 64
        ;;
esac
target="$processor-unknown-linux-musl"
variable="${target//-/_}"

built="$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')"
export ZIG_TARGET="$processor-linux-musl" ZIG_GLOBAL_CACHE_DIR="$built/zig" ZIG_LOCAL_CACHE_DIR="$built/zig"
export "CC_$variable=$here/cc.sh" "AR_$variable=$here/ar.sh"
export "CARGO_TARGET_${variable^^}_LINKER=rust-lld"

# Separated as cargo wants them. Where sources lie is no business of who reads a message of the binary.
flags=(
    -C target-feature=+crt-static
    -C link-self-contained=yes
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    "--remap-path-prefix=$root=/export-worker"
)
CARGO_ENCODED_RUSTFLAGS="$(IFS=$'\x1f' && echo "${flags[*]}")"
export CARGO_ENCODED_RUSTFLAGS

cargo build --locked --release --target "$target" --bins "${packages[@]/#/--package=}"

mkdir -p "$destination"
for package in "${packages[@]}"; do
    # The sandbox's binary has a shorter name than its package.
    binary="${package/#export-sandbox/sandbox}"
    install -m 555 "$built/$target/release/$binary" "$destination/$package"
done
