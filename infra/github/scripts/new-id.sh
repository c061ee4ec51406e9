#!/usr/bin/env bash
# Names the deployment that this attempt of the workflow run asks for: prints `id=<UUID>`, a version 7 UUID (RFC 9562).
# Its time is now, because the worker refuses requests that are old, and an approval may have taken days. Its other digits
# are a hash of run and attempt, so whoever sees a run can tell its deployment. Call it once an attempt: every step that
# sends, cancels or shows must be given the same id.
set -euo pipefail

# Set by the runner; an empty one would make two runs' ids alike.
attempt="${GITHUB_REPOSITORY_ID:?}/${GITHUB_RUN_ID:?}/${GITHUB_RUN_ATTEMPT:?}/${GITHUB_JOB:?}"
hash=$(printf '%s' "$attempt" | sha256sum)
time=$(printf '%012x' "$(date +%s%3N)")
# The variant's two bits are 10: one of 8, 9, a, b.
variant=$(printf '%x' $((8 + (16#${hash:3:1} & 3))))
echo "id=${time:0:8}-${time:8:4}-7${hash:0:3}-$variant${hash:4:3}-${hash:7:12}"
