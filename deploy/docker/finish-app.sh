#!/bin/sh
# Make /app ready for the image: bytecode compiled, no commands but our own, and the same bytes at every build.
set -eu

# Unchecked: bytecode that holds the time of its source would differ at every build.
python -m compileall -q -j 0 --invalidation-mode unchecked-hash /app/lib
find /app/bin -type f ! -name 'auth0-*' -delete
find /app -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
