#!/usr/bin/env bash
# Prints a deployment's verdict and timeline as Markdown, for a job's summary. Only reads, and never fails a job: the
# verdict is the exit code of the step that waited for it.
#
#   summary.sh <deployment>
set -euo pipefail

id=$1
if ! history=$(lockstep history "$id" --json); then
    printf '## No record\n\nDeployment %s has no record (yet): no worker has taken it up.\n' "$id"
    exit 0
fi
python3 "$(dirname "$0")/summary.py" <<<"$history"
