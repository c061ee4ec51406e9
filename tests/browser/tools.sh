#!/usr/bin/env bash
# Installs a Chromium without a window below target/tools: the binary that the npm package @sparticuz/chromium carries,
# with fonts and, for hosts that lack them, NSS's libraries. Versions and hashes are pinned; a second run changes nothing.
# Needs node and npm, and no root. Must never leave a half-installed tool behind, and never install outside the tools'
# folder.
set -euo pipefail
cd "$(dirname "$0")"
tools=${LOCKSTEP_TOOLS:-$(cd ../.. && pwd)/target/tools}
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)

chromium=153.0.0 # the package's; for amd64
chromium_hash=20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0

if [ ! -x "$tools/chromium-$chromium/chromium" ]; then
    fresh=$(mktemp -d "$tools/fetching.XXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    (cd "$fresh" && npm pack --silent "@sparticuz/chromium@$chromium" >/dev/null)
    echo "$chromium_hash  $(echo "$fresh"/sparticuz-chromium-*.tgz)" | sha256sum --check --quiet
    tar --extract --gzip --file "$fresh"/sparticuz-chromium-*.tgz --directory "$fresh" package/bin
    mkdir "$fresh/chromium"
    # brotli is in node, and seldom on a host.
    unpack() {
        node -e 'const { createReadStream } = require("fs"); const { createBrotliDecompress } = require("zlib");
            createReadStream(process.argv[1]).pipe(createBrotliDecompress()).pipe(process.stdout)' "$fresh/package/bin/$1"
    }
    unpack chromium.br >"$fresh/chromium/chromium"
    chmod +x "$fresh/chromium/chromium"
    for archive in fonts al2023; do
        mkdir "$fresh/chromium/$archive"
        unpack "$archive.tar.br" | tar --extract --no-same-owner --directory "$fresh/chromium/$archive"
    done
    rm -rf "$tools/chromium-$chromium"
    mv "$fresh/chromium" "$tools/chromium-$chromium"
fi
ln -sfn "chromium-$chromium" "$tools/chromium"
