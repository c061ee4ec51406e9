#!/usr/bin/env bash
# Keeps the account numbers that lockstep.toml names out of the log: prints the runner's mask command for each. Comes
# before everything that could print one. Must never print a number in any other way.
#
#   mask.sh <lockstep.toml>
set -euo pipefail

# An AWS account number has twelve digits. A file without one is fine: then there is nothing to mask.
grep --only-matching --extended-regexp --word-regexp '[0-9]{12}' "$1" | sort --unique | sed 's/^/::add-mask::/' || true
