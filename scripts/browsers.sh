#!/usr/bin/env bash
# Installs what the tests in a real browser need and no film does: Chromium, the site builders Jekyll,
# Hugo and MkDocs, Playwright to drive the browser and axe-core to judge a page. `make browsers` calls
# it with the interpreter of .venv. Only what is missing; a second call takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

python=$1
node=tests/node
# Written last, so that an interrupted installation is taken up again.
installed=$node/node_modules/.installed-lock.json

command -v chromium >/dev/null || need Chromium chromium
command -v jekyll >/dev/null || need Jekyll jekyll
command -v hugo >/dev/null || need Hugo hugo
command -v npm >/dev/null || need npm nodejs npm
install_packages "install them with this system's own packages, and run 'make browsers' again"

# The list is whole: what it does not name stands in the other two.
"$python" -m pip install --quiet --no-deps --requirement requirements-browser.txt

if ! cmp -s "$node/package-lock.json" "$installed"; then
    # npm holds each package against the hash in the lock file.
    (cd "$node" && npm ci --ignore-scripts --no-audit --no-fund)
    cp "$node/package-lock.json" "$installed"
fi
