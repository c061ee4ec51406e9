#!/usr/bin/env python3
"""Stands in for `docker`, as far as smoke.py uses it: `build` keeps the label, `push` puts an image of one empty layer into a
registry on 127.0.0.1. Must never reach anything else.
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import urllib.request
from pathlib import Path

KEPT = Path(os.environ["DOCKER_CONFIG"])


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def file_of(tag):
    KEPT.mkdir(parents=True, exist_ok=True)
    return KEPT / hashlib.sha256(tag.encode()).hexdigest()


def send(method, url, body=b"", kind="application/octet-stream"):
    request = urllib.request.Request(url, data=body, method=method, headers={"content-type": kind})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers.get("location")


def blob(base, content):
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    place = send("POST", f"{base}/blobs/uploads/")
    place = place if place.startswith("http") else base.partition("/v2/")[0] + place
    send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content)
    return {"digest": digest, "size": len(content)}


def push(tag):
    label = file_of(tag).read_text()
    host, _, rest = tag.partition("/")
    assert host.startswith("127.0.0.1:"), f"{host} is not on this machine"
    name, _, short = rest.rpartition(":")
    base = f"http://{host}/v2/{name}"
    files = io.BytesIO()
    tarfile.open(fileobj=files, mode="w").close()
    layer = gzip.compress(files.getvalue(), mtime=0)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": dict([label.split("=", 1)])},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(files.getvalue()).hexdigest()}"]},
    }
    kind = "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": {"mediaType": f"{kind}.config.v1+json", **blob(base, json.dumps(config).encode())},
        "layers": [{"mediaType": f"{kind}.layer.v1.tar+gzip", **blob(base, layer)}],
    }
    send("PUT", f"{base}/manifests/{short}", json.dumps(manifest).encode(), manifest["mediaType"])


match sys.argv[1]:
    case "build":
        assert sys.stdin.read().startswith("FROM "), "a Dockerfile"
        file_of(option("--tag")).write_text(option("--label"))
    case "push":
        push(sys.argv[2])
    case other:
        sys.exit(f"a stand-in that does not know {other}")
