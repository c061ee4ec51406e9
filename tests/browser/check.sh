#!/usr/bin/env bash
# The page in a real browser. Needs node and npm, and the built program stage (of the debug build). Must never skip a
# check because a tool is absent.
set -euo pipefail
cd "$(dirname "$0")"
./tools.sh
if [ package-lock.json -nt node_modules/.package-lock.json ]; then npm ci --loglevel=error; fi
program=${STAGE_BIN:-${CARGO_TARGET_DIR:-$PWD/../../target}/debug/stage}
if [ ! -x "$program" ]; then
    echo "$program is missing: cargo build --package browser" >&2
    exit 1
fi

printf '\n== browser: the page in Chromium\n'
node --test --test-reporter=spec ./*.test.js
