#!/usr/bin/env bash
# Builds the image that Fargate and the deploy workflows run, and its bill of materials. Needs the Rust toolchain, a C
# compiler, python3 and podman (which is installed on Debian and Ubuntu, as root). Must never push, and never build what is not
# committed to Cargo.lock.
#
#   build.sh <name>:<tag>        PROFILE=dev for a quick one
#
# Leaves the bill of materials in target/image/lockstep.cdx.json (CycloneDX), and in the image.
set -euo pipefail
cd "$(dirname "$0")/../.."
. infra/image/engine.sh
image=$1
profile=${PROFILE:-release}
target=x86_64-unknown-linux-gnu
cargo_target=${CARGO_TARGET_DIR:-$PWD/target}
context=$cargo_target/image
tools=$cargo_target/tools
mkdir -p "$context"

# One file without libraries: so the image needs none, and the workflows can run the program outside it.
RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --package lockstep --profile "$profile" --target "$target"
if [ "$profile" = dev ]; then folder=debug; else folder=$profile; fi
cp "$cargo_target/$target/$folder/lockstep" "$context/lockstep"
# A build for the check carries line tables, many times the program's size.
strip --strip-debug "$context/lockstep"

if [ ! -x "$tools/bin/cargo-cyclonedx" ]; then
    cargo install cargo-cyclonedx --version 0.5.9 --locked --root "$tools"
fi
# In a copy of what is committed: it leaves a file in every package of the workspace. The commit's time and a fixed
# folder, so that the same inputs make the same bill.
SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct HEAD)
export SOURCE_DATE_EPOCH
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git archive HEAD | tar --extract --directory "$source"
"$tools/bin/cargo-cyclonedx" cyclonedx --manifest-path "$source/worker/Cargo.toml" --format json --spec-version 1.5 \
    --target "$target" --override-filename lockstep.cdx --quiet
sed "s#$source#/lockstep#g" "$source/worker/lockstep.cdx.json" >"$context/lockstep.cdx.json"

cargo metadata --locked --format-version 1 --filter-platform "$target" >"$source/metadata.json"
cargo tree --locked --package lockstep --edges normal --prefix none --target "$target" |
    python3 infra/image/notices.py "$source/metadata.json" >"$context/THIRD-PARTY.txt"

cp LICENSE infra/image/Dockerfile infra/image/nsswitch.conf "$context/"
cp /etc/ssl/certs/ca-certificates.crt "$context/"
podman "${storage[@]}" build --quiet --timestamp "$SOURCE_DATE_EPOCH" \
    --label org.opencontainers.image.title=lockstep \
    --label org.opencontainers.image.licenses=Apache-2.0 \
    --label "org.opencontainers.image.revision=$(git rev-parse HEAD)" \
    --tag "$image" "$context"
podman "${storage[@]}" image inspect --format "$image: {{.Digest}}, {{.Size}} bytes" "$image"
