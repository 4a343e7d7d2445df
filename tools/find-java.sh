#!/usr/bin/env bash
# Prints the home of the newest Java of this machine that is at least as new as asked for:
# JAVA_HOME, what is on the PATH, or Debian's folder.
# usage: find-java.sh VERSION
set -euo pipefail

wanted="${1:?usage: find-java.sh VERSION}"
newest=0
home=
for java in "${JAVA_HOME:-/nowhere}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
    [[ -x "$java" ]] || continue
    java="$(readlink -f "$java")"
    version="$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')"
    if ((${version:-0} > newest)); then
        newest="$version"
        home="$(dirname "$(dirname "$java")")"
    fi
done
if ((newest < wanted)); then
    echo "error: Java $wanted or newer is needed; set JAVA_HOME to one" >&2
    exit 1
fi
echo "$home"
