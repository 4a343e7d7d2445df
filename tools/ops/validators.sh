#!/usr/bin/env bash
# What reads the Dockerfile, the compose file and the bills of materials, into FOLDER/validators
# and FOLDER/bin: hadolint, check-jsonschema with the schema of compose, CycloneDX's own validator.
#
# usage: validators.sh FOLDER
set -euo pipefail

folder="${1:?usage: validators.sh FOLDER}"
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

home="$folder/validators"
stamp="$home/installed"
wanted="$(cat "${BASH_SOURCE[0]}" "$tools/install-python.sh" "$tools/requirements-ops.txt" | sha256sum | cut -d' ' -f1)"
if [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" && -x "$folder/bin/hadolint" && -x "$folder/bin/validate-bill" ]]; then
    exit 0
fi

echo "installing hadolint and validators into $home" >&2
rm -rf "$home"
mkdir -p "$home" "$folder/bin"
"$tools/install-python.sh" "$folder" "$home/python" "$tools/requirements-ops.txt"
ln -sfn "../validators/python/bin/hadolint" "$folder/bin/hadolint"

# usage: program NAME PYTHON-CODE
program() {
    printf '#!/usr/bin/env python3\nimport pathlib, sys\n\nsys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "validators/python"))\n\n%s\n' \
        "$2" >"$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}
program check-jsonschema 'from check_jsonschema import main

main()'
program validate-bill 'from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for bill in sys.argv[1:]:
    mistake = JsonStrictValidator(SchemaVersion.V1_6).validate_str(pathlib.Path(bill).read_text())
    if mistake is not None:
        # What comes after is the whole schema.
        sys.exit(f"{bill}: {str(mistake).splitlines()[0]}")'

"$folder/bin/hadolint" --version >/dev/null
"$folder/bin/check-jsonschema" --version >/dev/null
"$folder/bin/validate-bill"
echo "$wanted" >"$stamp"
