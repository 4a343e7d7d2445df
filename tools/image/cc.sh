#!/usr/bin/env bash
# zig as the C compiler of crates that carry C or assembler, for the target in ZIG_TARGET.
# They name the target as Rust does, which zig does not know; it gets its own name of it instead.
set -euo pipefail

arguments=()
for argument in "$@"; do
    [[ "$argument" == --target=* ]] || arguments+=("$argument")
done
# Unoptimised C is checked for undefined behaviour unless told not to, by a library that is not linked.
exec "${ZIG:?}" cc -target "${ZIG_TARGET:?}" -fno-sanitize=undefined "${arguments[@]}"
