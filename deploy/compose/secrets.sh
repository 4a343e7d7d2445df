#!/usr/bin/env bash
# Makes the passwords of deploy/compose.yaml, each in a file of its own beside this script. What is
# there already stays.
set -euo pipefail

folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets"
# Containers read the files as users of their own; the folder keeps everybody else out.
mkdir -p -m 700 "$folder"
umask 022

password() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

for name in api-key grafana-password postgres-password; do
    [[ -s "$folder/$name" ]] || password >"$folder/$name"
done
[[ -s "$folder/database-url" ]] ||
    printf 'postgres://export:%s@postgres:5432/export' "$(cat "$folder/postgres-password")" >"$folder/database-url"
echo "secrets are in $folder" >&2
