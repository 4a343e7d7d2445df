#!/usr/bin/env bash
# zig as the archiver of what tools/image/cc.sh compiled.
set -euo pipefail

exec "${ZIG:?}" ar "$@"
