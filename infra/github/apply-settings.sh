#!/usr/bin/env bash
# Makes a repository's settings those of settings/*.json (README, "Settings"). Needs gh, signed in as an administrator of
# the repository. Can be run again; must never take away a setting that no file here names.
#
#   apply-settings.sh <owner>/<repository> <team that approves production>
set -euo pipefail
cd "$(dirname "$0")/settings"
repository=$1
owner=${repository%/*}
team=$(gh api "orgs/$owner/teams/$2" --jq .id)

# apply <method> <path below the repository> <file, - for standard input>
apply() {
    echo "$1 $2"
    gh api --method "$1" "repos/$repository/$2" --input "$3" >/dev/null
}

# Whether a line of the input is this one. Reads to the end: gh would fail if its output were closed early.
has() { grep --line-regexp --fixed-strings "$1" >/dev/null; }

apply PUT actions/permissions actions.json
apply PUT actions/permissions/selected-actions actions-allowed.json
apply PUT actions/permissions/workflow workflow-token.json

for environment in build staging; do
    apply PUT "environments/$environment" "environment-$environment.json"
done
# The file cannot know the team's number.
sed "s/\"id\": 0/\"id\": $team/" environment-production.json | apply PUT environments/production -
branch=$(sed -n 's/.*"name": "\(.*\)".*/\1/p' branch-policy.json)
for environment in build staging production; do
    policies=environments/$environment/deployment-branch-policies
    if ! gh api "repos/$repository/$policies" --jq '.branch_policies[].name' | has "$branch"; then
        apply POST "$policies" branch-policy.json
    fi
done

apply PUT "branches/$branch/protection" branch-main.json
ruleset=$(sed -n 's/.*"name": "\(.*\)".*/\1/p' ruleset-tags.json)
if ! gh api "repos/$repository/rulesets" --jq '.[].name' | has "$ruleset"; then
    apply POST rulesets ruleset-tags.json
fi
echo "settings applied to $repository"
