#!/usr/bin/env bash
# Installs what the tests of deploy/ and helm/ need beside what install.sh brings, pinned, into the same
# folder that git ignores. Each part returns at once where everything is there already.
#
# usage: install-ops.sh FOLDER
set -euo pipefail

folder="${1:?usage: install-ops.sh FOLDER}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

for part in "$here"/ops/*.sh; do
    [[ -e "$part" ]] || continue
    "$part" "$folder"
done
