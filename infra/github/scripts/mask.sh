#!/usr/bin/env bash
# Keeps the account numbers that lockstep.toml names out of the log: prints the runner's mask command for each. Comes
# before everything that could print one. Must never print a number in any other way.
#
#   mask.sh <lockstep.toml>
set -euo pipefail

if ! [[ -f $1 && -r $1 ]]; then
    echo "::error::$1 cannot be read, so its account numbers cannot be masked."
    exit 1
fi
# An AWS account number has twelve digits. A file without one is fine: then there is nothing to mask, and grep ends with 1.
numbers=$(grep --only-matching --extended-regexp --word-regexp '[0-9]{12}' -- "$1") || [ $? -eq 1 ]
if [ -n "$numbers" ]; then
    sort --unique <<<"$numbers" | sed 's/^/::add-mask::/'
fi
