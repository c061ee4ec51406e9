#!/usr/bin/env bash
# Prints a deployment's verdict and timeline as Markdown, for a job's summary. Only reads, and must never fail a job,
# whatever it meets: the verdict is the exit code of the step that waited for it. So no `set -e` here.
#
#   summary.sh <deployment>
set -uo pipefail

id=${1:-}

# unknown <what was said>: as a block of code, in which nothing is markup. Under GitHub Actions errors are also said as
# commands for the runner (::error::); those lines are left out.
unknown() {
    printf '## Unknown: the record could not be read\n\n'
    printf 'This says nothing about deployment %s: ask lockstep history.\n\n' "$id"
    printf '%s\n' "$1" | sed -e '/^::/d' -e 's/\r//g' -e 's/^/    /' | tail -n 20
}

# Only what it says tells an id that has no record from other mistakes: they share the exit code (worker/src/cli/error.rs).
answer=$(mktemp) || answer=/dev/null
trap '[ "$answer" = /dev/null ] || rm -f "$answer"' EXIT
said=$(lockstep history "$id" --json 2>&1 >"$answer")
code=$?
if [ $code -eq 2 ] && [[ $said == *"there is no deployment $id in table"* ]]; then
    printf '## No record\n\nDeployment %s has no record (yet): no worker has taken it up.\n' "$id"
elif [ $code -ne 0 ]; then
    unknown "lockstep history ended with $code: $said"
elif page=$(python3 "$(dirname "$0")/summary.py" <"$answer" 2>&1); then
    printf '%s\n' "$page"
else
    unknown "the answer has another form than expected: ${page##*$'\n'}"
fi
exit 0
