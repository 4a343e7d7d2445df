#!/usr/bin/env bash
# zig as the C compiler of crates that carry C or assembler, for the target in ZIG_TARGET.
# They name the target as Rust does, which zig does not know; it gets its own name of it instead.
set -euo pipefail

arguments=()
for argument in "$@"; do
    [[ "$argument" == --target=* ]] || arguments+=("$argument")
done
exec "${ZIG:?}" cc -target "${ZIG_TARGET:?}" "${arguments[@]}"
