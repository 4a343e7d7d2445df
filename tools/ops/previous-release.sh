#!/usr/bin/env bash
# Builds the worker and the Control Plane of the release before this one from git's history, for
# the upgrade drill. The file `previous-release` beside this script pins the commit.
#
# usage: previous-release.sh FOLDER
#   FOLDER/previous-release/bin       export-worker, export-control-plane
#   FOLDER/previous-release/missing   or else why they are not there
set -euo pipefail

folder="$(realpath -m "${1:?usage: previous-release.sh FOLDER}")/previous-release"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
cargo="${CARGO:-cargo}"

commit="$(cat "$here/previous-release")"
wanted="$(cat "$here/previous-release" "$here/previous-release.sh" | sha256sum | cut -d' ' -f1)"
if [[ "$(cat "$folder/installed" 2>/dev/null)" == "$wanted" ]]; then
    exit 0
fi

has_commit() { git -C "$root" cat-file -e "$commit^{commit}" 2>/dev/null; }

# A shallow clone lacks it; where it was cloned from, it can be had by itself.
if ! has_commit; then
    for remote in $(git -C "$root" remote 2>/dev/null); do
        git -C "$root" fetch --quiet --depth 1 "$remote" "$commit" && break
    done
fi
rm -rf "$folder"
mkdir -p "$folder"
# Sources without their history are tested as far as they go: ops-test says what it leaves out.
if ! has_commit; then
    echo "commit $commit, the release before this one, is not in this clone's history; git fetch --unshallow" >"$folder/missing"
    echo "warning: no upgrade drill: $(cat "$folder/missing")" >&2
    exit 0
fi

echo "building version ${commit:0:12} into $folder" >&2
mkdir "$folder/source" "$folder/bin"
git -C "$root" archive "$commit" | tar -x -C "$folder/source"

# What this tree's build made of the packages both releases use is taken from where it lies, so that
# only our own code is built anew: with a test target, because features are resolved by what is built.
shared="$(cd "$root" && "$cargo" metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')"
cd "$folder/source"
CARGO_BUILD_BUILD_DIR="$shared" CARGO_TARGET_DIR="$folder/target" \
    "$cargo" build --quiet --locked --workspace --bins --test cli_docs
cp "$folder"/target/debug/{export-worker,export-control-plane} "$folder/bin/"
rm -rf "$folder/source" "$folder/target"
"$folder/bin/export-worker" --version
echo "$wanted" >"$folder/installed"
