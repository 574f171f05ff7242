#!/bin/sh
# Collect in /image-root what the image adds to its base: bytecode of the standard library, which official images leave
# out and a user without rights cannot write, and a directory for the key cache.
set -eu

library=$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
  -x '/(ensurepip|idlelib|pydoc_data|site-packages|test|tkinter|turtledemo)/' "$library"
find "$library" \( -name site-packages -o -name ensurepip \) -prune -o -name '*.pyc' -print |
  while read -r file; do install -D --mode=644 "$file" "/image-root$file"; done
# WORKDIR would make it with the time of the build.
install -d /image-root/app
install -d --owner=10001 --group=10001 --mode=700 /image-root/var/lib/auth0-sso
find /image-root -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
