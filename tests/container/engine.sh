#!/bin/bash
# engine.sh: run check.sh with a Docker engine made for it, where none answers and no image registry is reached.
# It needs root, Debian's packages by apt, PyPI, kernel overlayfs, bridge and netfilter, a CPython 3.13, and 3 GB of disk in
# WORK, which is kept and used again if it is set. A Debian 13 root holds Docker and is entered by pivot_root in a mount
# namespace of its own: with chroot `docker exec` fails, and so does every health check. The base images are made from
# the same root. dockerd runs twice with the same data: to build, in this machine's network, without bridge or iptables; to
# run, in a network namespace of its own, so that no port, address or rule of this machine is touched.
set -euo pipefail
source=$(realpath "$(dirname "$0")/../..")
keep=${WORK:+yes} work=${WORK:-$(mktemp -d /var/tmp/container-check.XXXXXX)}
python=${PYTHON_PREFIX:-$(pyenv prefix "$(pyenv versions --bare | grep -m1 '^3\.13')")}
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$work" && cd "$work"

engine() {  # engine build|run: start dockerd
    cat >start.sh <<'INNER'
set -eu
[ "$1" = build ] || ip link set lo up
mount --make-rprivate /; mount --bind root root
mount -t proc proc root/proc; mount --rbind /dev root/dev; mount -t sysfs sysfs root/sys; mount --rbind /sys/fs/cgroup root/sys/fs/cgroup
mount -t tmpfs tmpfs root/run; mkdir -p root/check root/src; mount --bind . root/check; mount --bind "$2" root/src
echo $$ >dockerd.pid; options=""
[ "$1" = run ] || options="--bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false"
cd root; pivot_root . mnt; umount -l /mnt; cd /
exec env PATH=/usr/sbin:/usr/bin:/sbin:/bin dockerd --data-root /var/lib/docker --exec-root /run/docker --pidfile /run/docker.pid $options
INNER
    local namespaces=-m; [ "$1" = build ] || namespaces="-m -n"
    # shellcheck disable=SC2086 # two words
    setsid unshare $namespaces bash start.sh "$1" "$source" >"dockerd.$1.log" 2>&1 </dev/null &
    for _ in $(seq 100); do inside docker version >/dev/null 2>&1 && return; sleep .1; done
    tail -5 "dockerd.$1.log"; return 1
}
inside() { nsenter -t "$(cat dockerd.pid)" -m -n env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
disengage() {
    [ -f dockerd.pid ] || return 0
    local pid; pid=$(cat dockerd.pid); kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep .1; done; rm -f dockerd.pid
}
# shellcheck disable=SC2329 # the trap calls it
finish() { disengage; [ -n "$keep" ] || rm -rf --one-file-system "$work"; }
trap finish EXIT

install_into() { local root=$1; shift; chroot "$root" apt-get install -y -qq --no-install-recommends "$@" >>apt.log 2>&1; }
make_root() {
    command -v debootstrap >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends debootstrap >/dev/null; }
    debootstrap --variant=minbase trixie base "$(awk '/^URIs:/ {print $2; exit}' /etc/apt/sources.list.d/debian.sources)" >debootstrap.log 2>&1
    echo 'Acquire::Check-Valid-Until "false";' >base/etc/apt/apt.conf.d/99valid
    chroot base apt-get update -qq
    cp -a base root
    install_into root docker.io docker-cli docker-compose docker-buildx iptables iproute2 procps curl ca-certificates python3-minimal
}
make_python() {  # what the official image has: no tests, no bytecode, pip
    cp -a base python
    install_into python ca-certificates netbase tzdata libssl3t64 libffi8 libsqlite3-0 zlib1g libbz2-1.0 liblzma5 libreadline8t64 libncursesw6 libuuid1 libexpat1
    tar -C "$python" --exclude='lib/python3.13/test' --exclude=__pycache__ --exclude='*.a' --exclude='site-packages/_*' --exclude='_tkinter*' -cf - bin lib |
        tar -C python/usr/local -xf -
    sed -i '1s,^#!.*,#!/usr/local/bin/python3.13,' python/usr/local/bin/pip*
    cp /etc/ssl/certs/ca-certificates.crt python/etc/ssl/certs/
    chroot python ldconfig
    rm -rf python/var/lib/apt/lists/* python/var/cache/apt/* python/usr/share/{doc,man,locale}/*
}
named_in_compose() { awk "/image: $1/ {print \$2}" "$source/docker-compose.yml"; }
make_images() {
    mkdir -p haproxy valkey
    cat >haproxy/Dockerfile <<'INNER'
FROM debian:trixie-slim
RUN apt-get install -y -qq --no-install-recommends haproxy >/dev/null && usermod -u 99 haproxy && groupmod -g 99 haproxy && mkdir -p /usr/local/etc/haproxy
STOPSIGNAL SIGUSR1
USER haproxy
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
INNER
    cat >valkey/Dockerfile <<'INNER'
FROM debian:trixie-slim
RUN apt-get install -y -qq --no-install-recommends valkey-server valkey-tools >/dev/null && usermod -u 999 valkey && groupmod -g 1000 valkey && install -d -o 999 -g 1000 /data \
 && printf '#!/bin/sh\n[ "$1" != valkey-server ] || { shift; set -- valkey-server --protected-mode no "$@"; }\nexec "$@"\n' >/entry && chmod 755 /entry
WORKDIR /data
ENTRYPOINT ["/entry"]
CMD ["valkey-server"]
INNER
    tar -C base -cf - . | inside docker import - debian:trixie-slim >/dev/null
    tar -C python -cf - . | inside docker import -c 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' -c 'CMD ["python3"]' - python:3.13-slim >/dev/null
    inside docker build -q --network=host -t "$(named_in_compose haproxy)" /check/haproxy >/dev/null
    inside docker build -q --network=host -t "$(named_in_compose valkey)" /check/valkey >/dev/null
}

[ -d root/usr/bin ] || make_root
[ -d python ] || make_python
rm -f image.tar
engine build
inside docker image inspect python:3.13-slim >/dev/null 2>&1 || make_images
echo "Engine: $(inside docker --version), compose $(inside docker compose version --short)"
result=0
inside BUILD_OPTIONS=--network=host IMAGE_ARCHIVE=/check/image.tar bash /src/tests/container/check.sh build || result=1
[ ! -f image.tar ] || "$source/tests/container/sbom.sh" image.tar || result=1; rm -f image.tar
disengage
engine run
inside HEALTH_CHECK_MS="${HEALTH_CHECK_MS:-}" START_MS="${START_MS:-}" bash /src/tests/container/check.sh run || result=1
exit $result
