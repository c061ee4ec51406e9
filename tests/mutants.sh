#!/usr/bin/env bash
# Mutation testing: cargo-mutants changes one thing at a time in the core and in the worker's processing and
# store code, and the tests have to notice. Exit status 0: every change was noticed (or is excluded with its reason in
# .cargo/mutants.toml). Works on a copy of the tree and must never change the tree itself.
#
#   tests/mutants.sh                  every change; takes hours
#   tests/mutants.sh --core           those of state-machines only
#   tests/mutants.sh --diff <base>    those in what changed since <base>, a commit or branch (CI)
#
# Everything after these goes to cargo-mutants, such as `--shard 0/4` or `-F working`.
set -euo pipefail
cd "$(dirname "$0")/.."
version=27.1.0
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=1
# Nobody debugs a mutant, and the exploring tests take a minute without optimisation.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=1
# It builds in its own copy.
unset CARGO_TARGET_DIR

tools=$PWD/target/tools
export PATH=$tools/bin:$PATH
if ! cargo mutants --version 2>/dev/null | grep -q "$version"; then
    cargo install cargo-mutants --version "$version" --locked --root "$tools"
fi

mode=full
filter=()
case ${1:-} in
--core)
    mode=core
    shift
    ;;
--diff)
    mode=diff
    changes=$(mktemp)
    trap 'rm -f "$changes"' EXIT
    git diff "${2:?the base to compare with}"...HEAD >"$changes"
    filter=(--in-diff "$changes")
    shift 2
    ;;
esac

# Mutants of a package, with the tests that are about it: first the quick ones, then all of them for what these
# have not noticed. Arguments: the package, the quick tests, all of them; each a list of cargo test's options. They go
# to the build too, which would else link every test program of the package once a mutant.
failed=0
part() {
    local package=$1 out=target/mutants/$1 status=0
    local -a quick=($2) all=($3)
    printf '\n== mutants of %s (%s)\n' "$package" "$mode"
    mkdir -p "$out"
    rm -rf "$out"/mutants.out*
    local -a run=(cargo mutants --package "$package" --no-shuffle --jobs 1 --output "$out" "${filter[@]}" "${extra[@]}")
    local missed=$out/mutants.out/missed.txt
    "${run[@]}" "${quick[@]/#/--cargo-arg=}" || status=$?
    if [ "$status" = 2 ] || [ "$status" = 3 ] && [ -s "$missed" ]; then
        status=0
        "${run[@]}" --iterate "${all[@]/#/--cargo-arg=}" || status=$?
    fi
    # 2: some were not noticed; 3: some made the tests hang, which is to notice. Anything else is no result.
    case $status in
    0 | 2 | 3) ;;
    *) failed=$status && return ;;
    esac
    if [ -s "$missed" ]; then
        echo "not noticed (a test has to, or .cargo/mutants.toml to say why not):" >&2
        cat "$missed" >&2
        failed=2
    fi
}

extra=("$@")
part lockstep-state-machines "--test=scenarios --test=snapshots" "--tests"
if [ "$mode" != core ]; then
    part lockstep "--test=engine" "--lib --test=engine --test=adapters_aws --test=fault_table"
fi
exit "$failed"
