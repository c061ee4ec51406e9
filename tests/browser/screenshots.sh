#!/usr/bin/env bash
# Makes the pictures of docs/dashboard.md anew, from the stage: docs/images/*.png. Needs what check.sh needs. Look at them
# before they are checked in.
set -euo pipefail
cd "$(dirname "$0")"
./tools.sh
if [ package-lock.json -nt node_modules/.package-lock.json ]; then npm ci --loglevel=error; fi
mkdir -p ../../docs/images
node screenshots.js ../../docs/images
