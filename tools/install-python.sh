#!/usr/bin/env bash
# Installs pinned Python packages into a folder of their own, on the PATH of nobody.
#
# usage: install-python.sh FOLDER DESTINATION REQUIREMENTS
#   FOLDER        where install.sh installs; its Python has pip where the machine's has none
#   DESTINATION   where the packages go
#   REQUIREMENTS  the file that pins them
set -euo pipefail

folder="${1:?usage: install-python.sh FOLDER DESTINATION REQUIREMENTS}"
destination="${2:?no destination}"
requirements="${3:?no requirements}"

python=python3
if ! python3 -m pip --version >/dev/null 2>&1; then
    python="$folder/python/bin/python"
    [[ -x "$python" ]] || python3 -m venv "$folder/python"
fi
"$python" -m pip install --quiet --disable-pip-version-check --no-input --no-warn-conflicts --root-user-action ignore \
    --only-binary :all: --target "$destination" --requirement "$requirements"
