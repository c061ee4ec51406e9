# shellcheck shell=bash disable=SC2034 # its variables are for whoever reads this file
# For `.`: makes podman usable, on a developer's machine, in CI and inside another container. Must never touch images
# that are not this build's: they are kept below target/.

if ! command -v podman >/dev/null; then
    if ! command -v apt-get >/dev/null || [ "$(id --user)" != 0 ]; then
        echo "podman is missing: install it" >&2
        exit 1
    fi
    apt-get update --quiet=2
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends podman runc >/dev/null
fi

images=${CARGO_TARGET_DIR:-$PWD/target}/images
# vfs copies where overlayfs would stack; it works everywhere, and these images have one layer.
storage=(--root "$images/store" --runroot "$images/run" --storage-driver vfs)
runtime=()
# crun, podman's usual runtime, refuses machines that are not wholly on the second version of control groups.
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
    runtime=(--runtime runc)
fi
# As Fargate runs it: nothing to write to, no rights. The limits are set because a container's machine may forbid
# podman's own.
locked_down=(--rm --read-only --cap-drop all --security-opt no-new-privileges --network host
    --ulimit nofile=1024:1024 --ulimit nproc=1024:1024)
