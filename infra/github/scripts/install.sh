#!/usr/bin/env bash
# Takes the lockstep program out of its image and puts it on the PATH of the steps that follow. The image is the worker's
# own; it holds no shell, so steps cannot run in it. Must never take an image by a name that can be moved.
#
#   install.sh <image>@sha256:<digest>
set -euo pipefail

image=$1
if ! [[ $image =~ @sha256:[0-9a-f]{64}$ ]]; then
    echo "::error::LOCKSTEP_IMAGE is $image: name it by digest, <repository>@sha256:<64 hex digits>."
    exit 1
fi
if [[ $image =~ @sha256:0{64}$ ]]; then
    echo "::error::LOCKSTEP_IMAGE still is the template's: put your image's digest into this workflow."
    exit 1
fi

folder=$RUNNER_TEMP/lockstep
mkdir -p "$folder"
docker pull --quiet "$image"
container=$(docker create "$image")
docker cp "$container:/lockstep" "$folder/lockstep"
docker rm "$container" >/dev/null
"$folder/lockstep" --version
echo "$folder" >>"$GITHUB_PATH"
