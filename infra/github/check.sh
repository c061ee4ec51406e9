#!/usr/bin/env bash
# Everything that has to hold of infra/github/ and of this repository's own workflows: zizmor, jactionlint, shellcheck;
# that these checks refuse what they should; settings against GitHub's OpenAPI description; the deploy workflows' steps
# against the sandbox. Needs python3, npm and the built programs lockstep and sandbox (LOCKSTEP_BIN, SANDBOX_BIN, else
# the debug build's). Must never need GitHub or an account, nor skip a check.
set -euo pipefail
cd "$(dirname "$0")"
step() { printf '\n== workflows: %s\n' "$*"; }
openapi=23.0.2

unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null PYTHONDONTWRITEBYTECODE=1

step "tools"
export CHECK_WORKFLOWS_TOOLS=$PWD/.tools/workflows
if ! cmp -s tools.txt .tools/installed.txt; then
    rm -rf .tools/python
    python3 -m venv .tools/python
    .tools/python/bin/pip install --quiet --disable-pip-version-check -r tools.txt
    cp tools.txt .tools/installed.txt
fi
export GITHUB_OPENAPI=$PWD/.tools/openapi-$openapi/package/generated/api.github.com.json
if [ ! -f "$GITHUB_OPENAPI" ]; then
    mkdir -p ".tools/openapi-$openapi"
    archive=$(npm pack "@octokit/openapi@$openapi" --silent --pack-destination ".tools/openapi-$openapi")
    tar --extract --gzip --file ".tools/openapi-$openapi/$archive" --directory ".tools/openapi-$openapi" package/generated/api.github.com.json
    rm ".tools/openapi-$openapi/$archive"
fi
programs=${CARGO_TARGET_DIR:-$PWD/../../target}/debug
export LOCKSTEP_BIN=${LOCKSTEP_BIN:-$programs/lockstep} SANDBOX_BIN=${SANDBOX_BIN:-$programs/sandbox}
for program in "$LOCKSTEP_BIN" "$SANDBOX_BIN"; do
    if [ ! -x "$program" ]; then
        echo "$program is missing: cargo build --workspace --bins" >&2
        exit 1
    fi
done

step "the workflows, these and this repository's own"
scripts/check-workflows.sh workflows ../../.github/workflows

step "scripts"
(cd ../.. && "$CHECK_WORKFLOWS_TOOLS/bin/shellcheck" --external-sources infra/github/*.sh infra/github/scripts/*.sh infra/image/*.sh)

step "tests"
.tools/python/bin/python -m unittest discover --buffer --start-directory test

printf '\nworkflows: all checks passed\n'
