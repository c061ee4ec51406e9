#!/usr/bin/env bash
# Installs what this folder checks against, below target/tools: GitHub's OpenAPI description, botocore and the AWS CLI,
# Debian's docker-registry. Versions and hashes are pinned; a second run changes nothing. Needs python3, npm, apt-get and
# dpkg, and no root. Must never leave a half-installed tool behind, and never install outside the tools' folder.
set -euo pipefail
cd "$(dirname "$0")"
tools=${LOCKSTEP_TOOLS:-$(cd ../.. && pwd)/target/tools}
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)

# The same description that the repository's settings are held against.
openapi=$(sed -n 's/^openapi=//p' ../../infra/github/check.sh)
openapi_hash=829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a
registry=2.8.2+ds1-1 # for amd64
registry_hash=a9bd06c0e006854608f8469b4371743f40604ad90975532bb3b7ceeb72fe2913

fresh=$(mktemp -d "$tools/fetching.XXXXXX")
trap 'rm -rf "$fresh"' EXIT

# Fails unless a file is the one that was pinned.
is_pinned() {
    echo "$2  $1" | sha256sum --check --quiet
}

if ! cmp -s requirements.txt "$tools/specifications/installed.txt"; then
    rm -rf "$tools/specifications"
    python3 -m venv "$tools/specifications"
    "$tools/specifications/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
        --requirement requirements.txt
    cp requirements.txt "$tools/specifications/installed.txt"
fi

if [ ! -f "$tools/github-openapi-$openapi.json" ]; then
    (cd "$fresh" && npm pack --silent "@octokit/openapi@$openapi" >/dev/null &&
        tar --extract --gzip --file octokit-openapi-*.tgz package/generated/api.github.com.json)
    is_pinned "$fresh/package/generated/api.github.com.json" "$openapi_hash"
    mv "$fresh/package/generated/api.github.com.json" "$tools/github-openapi-$openapi.json"
fi
ln -sfn "github-openapi-$openapi.json" "$tools/github-openapi.json"

if [ ! -x "$tools/docker-registry-$registry/usr/bin/docker-registry" ]; then
    # Lists of its own: whoever has no root cannot update the host's, and a new host has none.
    mkdir -p "$fresh/lists/partial" "$fresh/cache/archives/partial"
    apt=(apt-get --quiet=2 -o "Dir::State::lists=$fresh/lists" -o "Dir::Cache=$fresh/cache" -o APT::Sandbox::User=)
    "${apt[@]}" update
    (cd "$fresh" && "${apt[@]}" download "docker-registry=$registry")
    is_pinned "$(echo "$fresh"/docker-registry_*.deb)" "$registry_hash"
    dpkg --extract "$fresh"/docker-registry_*.deb "$fresh/registry"
    rm -rf "$tools/docker-registry-$registry"
    mv "$fresh/registry" "$tools/docker-registry-$registry"
fi
ln -sfn "docker-registry-$registry/usr/bin/docker-registry" "$tools/docker-registry"
