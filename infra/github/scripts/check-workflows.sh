#!/usr/bin/env bash
# Refuses workflows that are wrong or unsafe: zizmor (security), jactionlint (syntax, expressions, the shell in them), and
# that every action stands at a commit with its version beside it. Needs python3; installs the tools itself. Must never
# ask anybody but the package registry, nor let a finding pass as a warning.
#
#   check-workflows.sh <folder or workflow file>…
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=${CHECK_WORKFLOWS_TOOLS:-${RUNNER_TEMP:-$here}/.workflow-tools}

if ! cmp -s "$here/tools.txt" "$tools/installed.txt"; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r "$here/tools.txt"
    cp "$here/tools.txt" "$tools/installed.txt"
fi
export PATH=$tools/bin:$PATH

mapfile -t files < <(find "$@" -name '*.yml' -o -name '*.yaml' | grep --invert-match --extended-regexp 'dependabot\.ya?ml$' | sort)
if [ ${#files[@]} -eq 0 ]; then
    echo "no workflow below $*" >&2
    exit 1
fi

failed=0
# Its strictest but one; the strictest also reports what is no mistake. An ignored finding needs a comment in the file.
zizmor --offline --quiet --persona=pedantic --strict-collection --color=never "${files[@]}" || failed=1
jactionlint --strict-exit --no-color "${files[@]}" || failed=1
# Other programs look at the commit alone; people review the version.
for file in "${files[@]}"; do
    if grep --line-number --extended-regexp '^[^#]*uses:' "$file" |
        grep --invert-match --extended-regexp 'uses: [A-Za-z0-9_./-]+@[0-9a-f]{40} # v[0-9]+(\.[0-9]+)*$|uses: \./'; then
        echo "$file: not pinned as <action>@<40 hex digits> # v<version>" >&2
        failed=1
    fi
done
[ $failed -eq 0 ] && echo "${#files[@]} workflows checked"
exit $failed
