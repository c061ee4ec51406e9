#!/usr/bin/env bash
# Everything that has to hold of infra/: format, types, assertions, synthesis without an account, cdk-nag, cfn-lint, a
# deployment into ministack and the worker against it; docs/setup.md and docs/security.md against what they name; the
# smoke script (infra/smoke) against stand-ins. Needs node, npm, python3 and the programs lockstep and sandbox
# (LOCKSTEP_BIN, SANDBOX_BIN, else the debug build's, which are made when they are missing). Must never need an AWS
# account, nor skip a check.
set -euo pipefail
cd "$(dirname "$0")"
step() { printf '\n== infra: %s\n' "$*"; }

# No account, whoever runs this, and no questions to the internet.
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export CDK_DISABLE_CLI_TELEMETRY=true NO_COLOR=1

step "tools"
if [ package-lock.json -nt node_modules/.package-lock.json ]; then npm ci --loglevel=error; fi
if ! cat tools.txt tools-aws.txt | cmp -s - .tools/installed.txt; then
    rm -rf .tools
    python3 -m venv .tools/python
    .tools/python/bin/pip install --quiet --disable-pip-version-check -r tools.txt
    python3 -m venv .tools/aws
    .tools/aws/bin/pip install --quiet --disable-pip-version-check -r tools-aws.txt
    cat tools.txt tools-aws.txt >.tools/installed.txt
fi
programs=${CARGO_TARGET_DIR:-$PWD/../target}/debug
export LOCKSTEP_BIN=${LOCKSTEP_BIN:-$programs/lockstep} SANDBOX_BIN=${SANDBOX_BIN:-$programs/sandbox}
if [ ! -x "$LOCKSTEP_BIN" ] || [ ! -x "$SANDBOX_BIN" ]; then
    (cd .. && cargo build --package lockstep --package sandbox --bins --locked)
fi

step "format and types"
node_modules/.bin/prettier --check --log-level warn src test policies ./*.json
rm -rf build
node_modules/.bin/tsc

step "configuration, stacks, policies, cdk-nag"
node --test --test-reporter=spec build/test/*.test.js

# Both lives of the stacks: before anything runs, and after.
mkdir -p build/cdk
cp .env.example build/empty.env
sed 's/_STARTED=no$/_STARTED=yes/' .env.example >build/running.env
for life in empty running; do
    step "cdk synth and cfn-lint, $life"
    ENV_FILE=build/$life.env node_modules/.bin/cdk synth --quiet --no-notices --output "build/cdk/$life"
    .tools/python/bin/cfn-lint "build/cdk/$life"/*.template.json
done

step "deployment into ministack, and the worker against it"
# Without node's warnings: AWS's SDK announces there when it will leave this version of node behind.
NODE_NO_WARNINGS=1 node --test --test-reporter=spec build/test/ministack/*.test.js

step "docs/setup.md and docs/security.md"
export PYTHONDONTWRITEBYTECODE=1
.tools/python/bin/ruff check --quiet --no-cache smoke docs
SYNTHESISED=$PWD/build/cdk/empty .tools/python/bin/python -m unittest discover --start-directory docs

step "the smoke script, against stand-ins"
PYTHONPATH=$PWD/smoke SMOKE_AWS=$PWD/.tools/aws/bin/aws SMOKE_MINISTACK=$PWD/.tools/python/bin/ministack \
    .tools/python/bin/python -m unittest discover --start-directory smoke/test

printf '\ninfra: all checks passed\n'
