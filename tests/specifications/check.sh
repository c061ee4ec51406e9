#!/usr/bin/env bash
# What Lockstep and its simulators say on the wire, held against what GitHub and AWS publish: a recording of every flow
# of the crash suite, `lockstep doctor`, and the AWS CLI at work. Needs what tools.sh installs and the built programs
# crashes, lockstep and sandbox (of the debug build). The registry's part is a test of the workspace. Must never need an
# account, nor skip a check.
set -euo pipefail
cd "$(dirname "$0")"
./tools.sh
tools=${LOCKSTEP_TOOLS:-$(cd ../.. && pwd)/target/tools}
programs=${CARGO_TARGET_DIR:-$(cd ../.. && pwd)/target}/debug
export LOCKSTEP_BIN=${LOCKSTEP_BIN:-$programs/lockstep} SANDBOX_BIN=${SANDBOX_BIN:-$programs/sandbox}
for program in "$LOCKSTEP_BIN" "$SANDBOX_BIN" "$programs/crashes"; do
    if [ ! -x "$program" ]; then
        echo "$program is missing: cargo build --workspace --bins" >&2
        exit 1
    fi
done

printf '\n== specifications: a recording of every flow\n'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RECORDING=$folder/recording.jsonl
# Also with a worker killed after each call that must not be made twice: whoever goes on looks for its trace.
"$programs/crashes" --recognised --side after --record "$RECORDING"

printf '\n== specifications: GitHub, ECS, the AWS CLI\n'
export GITHUB_OPENAPI=$tools/github-openapi.json AWS_BIN=$tools/specifications/bin/aws PYTHONDONTWRITEBYTECODE=1
"$tools/specifications/bin/python" -m unittest discover --buffer --start-directory wire

printf '\nspecifications: all checks passed\n'
