#!/bin/bash
# main.sh: build and run the images with the Docker engine that answers; without one, say why nothing was checked.
set -euo pipefail
folder=$(dirname "$0")
if [ "${ENGINE:-}" = own ]; then exec "$folder/engine.sh"; fi
if ! command -v docker >/dev/null; then skipped="docker is not installed"
elif ! docker info >/dev/null 2>&1; then skipped="no Docker engine answers (docker info)"
elif ! docker compose version >/dev/null 2>&1; then skipped="docker compose is not installed"
fi
if [ -n "${skipped:-}" ]; then
    echo "Skipped: $skipped. \`make container ENGINE=own\` makes an engine, as root on Debian, in four minutes and 3 GB."
    exit 0
fi
result=0
for part in build run; do "$folder/check.sh" $part || result=1; done
exit $result
