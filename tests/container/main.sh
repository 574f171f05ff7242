#!/bin/bash
# main.sh: build and run the images with the Docker engine that answers; without one, say why nothing was checked.
# When all passed for a commit, its name and the engine are in .container/passed: `make release` reads it for the notes.
set -euo pipefail
folder=$(realpath "$(dirname "$0")") root=$(realpath "$(dirname "$0")/../..")
passed=$root/.container/passed

commit() {  # the commit of the files, or nothing: changed files are not in one
    local changed; changed=$(git -C "$root" status --porcelain 2>&1) || return 0
    [ -n "$changed" ] || git -C "$root" rev-parse HEAD
}
with_engine_of_its_own() { "$folder/engine.sh"; }
with_engine_that_answers() {
    local result=0; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
    IMAGE_ARCHIVE=$work/image.tar "$folder/check.sh" build || result=1
    [ ! -f "$work/image.tar" ] || "$folder/sbom.sh" "$work/image.tar" || result=1
    "$folder/check.sh" run || result=1
    return $result
}

how=with_engine_that_answers engine="the Docker engine of the machine"
if [ "${ENGINE:-}" = own ]; then
    how=with_engine_of_its_own engine="an engine and base images made from Debian (ENGINE=own)"
elif ! command -v docker >/dev/null; then skipped="docker is not installed"
elif ! docker info >/dev/null 2>&1; then skipped="no Docker engine answers (docker info)"
elif ! docker compose version >/dev/null 2>&1; then skipped="docker compose is not installed"
fi
if [ -n "${skipped:-}" ]; then
    echo "Skipped: $skipped. \`make container ENGINE=own\` makes an engine, as root on Debian, in four minutes and 3 GB."
    exit 0
fi
rm -f "$passed"
before=$(commit)
$how || exit 1
if [ -z "$before" ] || [ "$before" != "$(commit)" ]; then
    echo "Passed, but for no commit: files are changed. A release needs a run for its commit."
    exit 0
fi
mkdir -p "$root/.container"
printf '%s\n%s\n' "$before" "$engine" >"$passed"
echo "Passed for commit $before."
