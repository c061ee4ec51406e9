#!/usr/bin/env bash
# Builds the image as localhost/lockstep:check (quickly; with PROFILE=release as it is published) and shows that it is what
# it says: one program without libraries, nobody's rights, nothing to write to; and that it works: a worker in a container
# carries out a deployment against the sandbox. Must never push.
#
# Needs what build.sh needs, python3, and the built program sandbox (SANDBOX_BIN, else the debug build's).
set -euo pipefail
cd "$(dirname "$0")/../.."
export PROFILE=${PROFILE:-dev}
image=localhost/lockstep:check
infra/image/build.sh "$image"
. infra/image/engine.sh
run() { podman "${storage[@]}" "${runtime[@]}" run "${locked_down[@]}" "$@"; }
step() { printf '\n== image: %s\n' "$*"; }
sandbox=${SANDBOX_BIN:-${CARGO_TARGET_DIR:-$PWD/target}/debug/sandbox}
if [ ! -x "$sandbox" ]; then cargo build --locked --package sandbox; fi

work=$(mktemp -d)
started=()
remove() { podman "${storage[@]}" rm --force --ignore lockstep-check >/dev/null; }
finish() {
    remove || true
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT
# Of a check that was killed.
remove

step "what is in it"
container=$(podman "${storage[@]}" "${runtime[@]}" create "${locked_down[@]}" "$image")
podman "${storage[@]}" export "$container" | tar --list | grep --invert-match '/$' | sort >"$work/files"
podman "${storage[@]}" rm "$container" >/dev/null
diff - "$work/files" <<'FILES'
etc/nsswitch.conf
etc/ssl/certs/ca-certificates.crt
lockstep
usr/share/doc/lockstep/LICENSE
usr/share/doc/lockstep/THIRD-PARTY.txt
usr/share/doc/lockstep/lockstep.cdx.json
FILES
cat "$work/files"
if ldd "$images/../image/lockstep" 2>&1 | grep '=>'; then
    echo "the program needs libraries, and the image has none" >&2
    exit 1
fi

step "it runs, as nobody"
[ "$(podman "${storage[@]}" image inspect --format '{{.Config.User}}' "$image")" = 65532:65532 ]
run "$image" --version

step "its bill of materials"
cargo tree --locked --package lockstep --edges normal --prefix none --target x86_64-unknown-linux-gnu |
    python3 infra/image/sbom.py "$images/../image/lockstep.cdx.json"

step "a worker and a client in containers, against the sandbox"
"$sandbox" --folder "$work/sandbox" >"$work/sandbox.out" 2>&1 &
started+=($!)
until grep --quiet '^Staging answers at' "$work/sandbox.out"; do
    if ! kill -0 "${started[0]}"; then
        cat "$work/sandbox.out"
        exit 1
    fi
    sleep 0.5
done
# A copy that anybody may read, as nobody does; the sandbox's own is left as it is.
install --mode 0644 "$work/sandbox/lockstep.toml" "$work/lockstep.toml"
# The sandbox's made-up credentials (tests/sandbox/src/environment.rs).
settings=(--env AWS_ACCESS_KEY_ID=sandbox --env AWS_SECRET_ACCESS_KEY=sandbox --env AWS_REGION=us-east-1
    --env AWS_EC2_METADATA_DISABLED=true --env LOCKSTEP_GITHUB_CREDENTIAL=sandbox-github-token
    --env LOCKSTEP_CONFIG=/lockstep.toml --volume "$work/lockstep.toml:/lockstep.toml:ro")
run --name lockstep-check "${settings[@]}" "$image" worker >"$work/worker.out" 2>&1 &
beta=$(sed -n 's/^\$ lockstep promote \([^ ]*\) .*/\1/p' "$work/sandbox.out")
# The sandbox has a worker of its own, so who carries a step out is chance; a process in a container has the number 1.
for attempt in $(seq 20); do
    id=$(GITHUB_REPOSITORY_ID=1 GITHUB_RUN_ID=1 GITHUB_RUN_ATTEMPT=$attempt GITHUB_JOB=check infra/github/scripts/new-id.sh)
    id=${id#id=}
    run "${settings[@]}" "$image" promote "$beta" --id "$id" --wait
    run "${settings[@]}" "$image" history "$id" --json >"$work/history.json"
    if python3 -c 'import json, sys
workers = {item["worker"] for item in json.load(sys.stdin)["transitions"]}
sys.exit(not any(worker.endswith(":1") for worker in workers))' <"$work/history.json"; then
        echo "the worker in the container took part in deployment $id"
        break
    fi
    id=
done
podman "${storage[@]}" stop lockstep-check >/dev/null
if [ -z "$id" ]; then
    cat "$work/worker.out"
    echo "the worker in the container took part in none of 20 deployments" >&2
    exit 1
fi

printf '\nimage: all checks passed\n'
