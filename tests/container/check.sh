#!/bin/bash
# check.sh build|run: build the images and run them as docker-compose.yml does, with the Docker engine that answers.
# `make container` runs both. BUILD_OPTIONS are added to each `docker build`. The ports 3000, 3001 and 8080 must be free.
# HEALTH_CHECK_MS and START_MS are the budgets of a health check and of the start, both in CPU time, which other programs
# change little: while they take every core, a start of 700 ms of CPU takes 2700 ms. A slow machine may need others.
# shellcheck disable=SC2016,SC2086 # options are words, and scripts in single quotes run in a container
set -euo pipefail
cd "$(dirname "$0")/../.."
export COMPOSE_PROJECT_NAME=auth0-sso-check SCALE_NETWORK=${SCALE_NETWORK:-192.168.219}
work=$(mktemp -d)
image=auth0-sso hardened="--read-only --cap-drop ALL --security-opt no-new-privileges:true --network none"
settings="-e AUTH0_DOMAIN=tenant.test -e AUTH0_AUDIENCE=https://api.example.com"
health_check_budget=${HEALTH_CHECK_MS:-60} start_budget=${START_MS:-1000}
started=$(date +%s) passed=0 failed=0

check() {  # check SENTENCE FUNCTION; not as a condition, in which bash would ignore `set -e` inside the function
    local code; set +e; (set -eu; "$2") >"$work/out" 2>&1; code=$?; set -e
    if [ $code = 0 ]; then passed=$((passed + 1)); echo "ok    $1"; return; fi
    failed=$((failed + 1)); echo "FAIL  $1"; tail -5 "$work/out" | cut -c1-300 | sed 's/^/      /'
}
figure() { echo "      $*"; }
now() { echo $(($(date +%s%N) / 1000000)); }
retry() { for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return; sleep .1; done; "$@"; }
status() { curl -s -o /dev/null -w "%{http_code}" "$@"; }
state() { docker inspect -f "{{.State.$2}}" "$1"; }
is_healthy() { [ "$(state "$1" Health.Status)" = healthy ]; }
refuses() { if "$@"; then return 1; fi; }
scale() { docker compose -f docker-compose.yml -f "$work/tenant.yml" "$@"; }
remove_all() {
    docker rm -f check-one check-small check-audit >/dev/null 2>&1 || true
    [ ! -f "$work/tenant.yml" ] || scale --profile "*" down -v -t 1 >/dev/null 2>&1 || true
    docker volume rm -f check-keys check-audit >/dev/null 2>&1 || true
}
finish() { remove_all; rm -rf "$work"; }
trap finish EXIT
client=$PWD/tests/container/client.py
# A copy, because the settings of this checkout's .env are no concern of a test.
cp -r .dockerignore Dockerfile LICENSE README.md deploy devtenant docker-compose.yml locks pyproject.toml src "$work"
cd "$work"

# --- build -----------------------------------------------------------------------------------------------------------
source=https://git.example/auth0-sso
build() { docker build ${BUILD_OPTIONS:-} --build-arg SOURCE_DATE_EPOCH=1767225600 --build-arg SOURCE=$source "$@" .; }
id() { docker image inspect -f '{{.Id}}' "$1"; }
size() { docker image inspect -f '{{.Size}}' "$1"; }
within() { docker run --rm $hardened --entrypoint sh "$image" -c "$1"; }

builds() { build --no-cache -t "$image"; }
builds_again() { build --no-cache -t "$image:again"; echo "$(id "$image") $(id "$image:again")"; [ "$(id "$image")" = "$(id "$image:again")" ]; }
builds_dev() { build --target dev -t "$image:dev"; }
builds_devtenant() { build --target devtenant -t auth0-devtenant; }
numeric_user() { docker image inspect -f '{{.Config.User}}' "$image" | grep -qxE '[1-9][0-9]*:[1-9][0-9]*'; }
label() { docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" "$image"; }
labels() { label version | grep -q '^[0-9]'; [ "$(label source)" = $source ]; }
# --- what is inside --------------------------------------------------------------------------------------------------
nothing_needless() {
    within 'for name in pip pip3 gcc cc uv auth0-devtenant; do ! command -v $name || exit 1; done'
    within 'for name in pip ensurepip auth0_devtenant pytest; do ! python -c "import $name" 2>/dev/null || { echo $name; exit 1; }; done'
    within '[ -z "$(find / -xdev -perm /6000 -type f 2>/dev/null)" ]'
    within '[ "$(stat -c %u:%a /var/lib/auth0-sso)" = 10001:700 ]'
    within '! touch /app/x 2>/dev/null'
}

run_build() {
    check "the service's image builds" builds
    check "a second build has the same image id" builds_again
    check "the image of dev builds" builds_dev
    check "the image of the development tenant builds" builds_devtenant
    check "the user is a number (runAsNonRoot of Kubernetes)" numeric_user
    check "the image has labels" labels
    [ -z "${IMAGE_ARCHIVE:-}" ] || docker save -o "$IMAGE_ARCHIVE" "$image:latest"  # of one tag: syft refuses several
    figure "size $(($(size "$image") / 1000000)) MB, development tenant $(($(size auth0-devtenant) / 1000000)) MB"
}

# --- one container ---------------------------------------------------------------------------------------------------
says_what_is_missing() {
    local code=0
    docker run --rm $hardened "$image" >said 2>&1 || code=$?
    cat said; [ $code = 78 ]; grep -q "AUTH0_DOMAIN is missing" said
}
starts_hardened() {
    docker run -d --name check-one $hardened $settings "$image"
    retry is_healthy check-one
    docker exec check-one grep -q "CapBnd:.0000000000000000" /proc/1/status
}
starts() {  # milliseconds from the start of the process until it listens, and those of CPU, of 5 starts
    for _ in 1 2 3 4 5; do
        docker run --rm $hardened $settings --entrypoint bash "$image" -c 'start=$(date +%s%N)
            auth0-sso serve >/dev/null 2>&1 & until (exec 3<>/dev/tcp/127.0.0.1/3000) 2>/dev/null; do sleep .02; done
            echo "$((($(date +%s%N) - start) / 1000000)) $(awk "{print (\$14 + \$15) * 10}" /proc/$!/stat)"; kill -9 $!' 2>/dev/null
    done
}
health_check_cpu() {  # milliseconds of CPU of one health check
    local test; test=$(docker image inspect -f '{{index .Config.Healthcheck.Test 3}}' "$image")
    docker exec -e TEST="$test" check-one bash -c 'for _ in 1 2 3 4 5 6 7 8 9 10; do python -SIc "$TEST" || exit 1; done; times' |
        tail -1 | sed 's/[ms]/ /g' | awk '{printf "%d", ($2 + $4) * 100}'
}
cheap_health_check() { [ "$health_check" -gt 0 ]; [ "$health_check" -lt "$health_check_budget" ]; }
quick_start() { [ "$(cut -d" " -f2 start-times | sort -n | head -1)" -lt "$start_budget" ]; }
median() { cut -d" " -f"$1" start-times | sort -n | sed -n 3p; }
drains() {
    local from; from=$(now); docker stop -t 20 check-one
    [ "$(state check-one ExitCode)" = 0 ]; [ $(($(now) - from)) -lt 8000 ]
}
healthy_on_a_tenth() { docker run -d --name check-small --cpus 0.1 $hardened $settings "$image"; for _ in $(seq 60); do ! is_healthy check-small || return 0; sleep 1; done; state check-small Health; return 1; }
stops_at_once() {
    local from; docker rm -f check-one
    docker run -d --name check-one $hardened $settings "$image"; sleep .2
    from=$(now); docker stop -t 10 check-one; state check-one ExitCode; [ $(($(now) - from)) -lt 3000 ]
}
unreadable_secret() {
    local code=0; (umask 077; echo x >secret)
    docker run --rm $hardened $settings -v "$work/secret:/run/secrets/AUTH0_MANAGEMENT_CLIENT_SECRET:ro" "$image" >said 2>&1 || code=$?
    cat said; [ $code = 78 ]; grep -q "cannot be read" said; refuses grep -q Traceback said
}
key_cache() { docker run --rm $hardened -v check-keys:/var/lib/auth0-sso "$image" touch /var/lib/auth0-sso/x; }
audit() { docker run --name check-audit $hardened $settings -v check-audit:/var/lib/auth0-sso -e AUDIT_SPILL_DIRECTORY=/var/lib/auth0-sso/audit "$@"; }
refused_here() {  # a request with a token that is refused, which is a record of the audit trail
    docker exec check-audit python -c 'import http.client
connection = http.client.HTTPConnection("127.0.0.1", 3000)
connection.request("GET", "/api/data", headers={"Authorization": "Bearer x"})
status = connection.getresponse().status; print(status); raise SystemExit(status != 401)'
}
audit_spills() {
    audit -d -e AUDIT_DATABASE_URL=postgresql://audit:x@127.0.0.1:5432/audit "$image"
    retry is_healthy check-audit; refused_here
    retry docker exec check-audit grep -rq token-refused /var/lib/auth0-sso/audit
    [ "$(docker exec check-audit stat -c %u:%a /var/lib/auth0-sso/audit)" = 10001:700 ]
    docker rm -f check-audit
}
audit_follows() {  # what the killed container left, the next one stores
    local database="AUDIT_DATABASE_URL=sqlite:////var/lib/auth0-sso/audit.db" count
    audit --rm -e "$database" "$image" auth0-sso audit migrate
    audit -d -e "$database" "$image"
    count='import sqlite3; print(*sqlite3.connect("/var/lib/auth0-sso/audit.db").execute("SELECT count(*) FROM auth0_sso_audit WHERE action = ?", ["token-refused"]).fetchone())'
    retry sh -c "docker exec check-audit python -c '$count' | grep -qx 1"
    docker stop -t 20 check-audit; [ "$(state check-audit ExitCode)" = 0 ]; docker rm -f check-audit
}

# --- compose ---------------------------------------------------------------------------------------------------------
cat >tenant.yml <<'INNER'
# The development tenant as https://tenant.test/, which the replicas trust.
x-trust: &trust
  environment: {SSL_CERT_FILE: /tls/ca-tenant.test-bundle.pem}
  volumes: ["tls:/tls:ro"]
  depends_on: {tenant: {condition: service_healthy}}
services:
  replica-1: *trust
  replica-2: *trust
  tenant:
    image: auth0-devtenant
    profiles: [scale]
    command: [serve, --host, 0.0.0.0, --port, "443", --tls, --tls-folder, /var/lib/auth0-sso, --issuer, "https://tenant.test/"]
    read_only: true
    cap_drop: [ALL]
    sysctls: {net.ipv4.ip_unprivileged_port_start: 0}
    environment: {SSL_CERT_FILE: /var/lib/auth0-sso/ca-tenant.test-bundle.pem}
    volumes: ["tls:/var/lib/auth0-sso"]
    healthcheck: {test: [CMD, python, -SIc, "import socket; socket.create_connection(('127.0.0.1', 443), 4)"], start_interval: 1s}
    networks: {scale: {aliases: [tenant.test]}}
volumes: {tls: {}}
INNER
proxy=http://127.0.0.1:8080
secret=AUTH0_MANAGEMENT_CLIENT_SECRET
write_settings() {
    printf 'AUTH0_DOMAIN=tenant.test\nAUTH0_AUDIENCE=https://api.example.com\nMETRICS_ENABLED=true\n' >.env
    printf 'AUTH0_MANAGEMENT_CLIENT_ID=devManagementClient0000000000000\nALLOW_DEVELOPMENT_TENANT=true\n' >>.env
    mkdir -p secrets; printf development-only-management-secret >secrets/$secret
}
as_client() { scale exec -T tenant python - "$@" <"$client"; }
dev_without_settings() {
    local token; rm -f .env
    docker compose up -d --no-build dev; retry curl -sf http://127.0.0.1:3000/readyz
    token=$(docker compose exec -T dev auth0-sso token manager@example.com)
    [ "$(status -H "Authorization: Bearer $token" http://127.0.0.1:3000/dashboard)" = 200 ]
    docker compose --profile dev down -t 10
}
proxy_without_api() { write_settings; docker compose up --dry-run --no-build proxy >said 2>&1; grep -q replica-2 said; refuses grep -q "check-api" said; }
hardened_services() {
    docker compose --profile "*" config --format json | python3 -c '
import json, sys
bad = [name for name, each in json.load(sys.stdin)["services"].items()
       if not each.get("read_only") or each.get("cap_drop") != ["ALL"] or not each.get("mem_limit") or not each.get("pids_limit")]
print(bad); sys.exit(bool(bad))'
}
two_replicas() { scale up -d --no-build proxy; retry curl -sf $proxy/readyz; scale ps; }
shared_limit() {
    local token seen; token=$(scale exec -T tenant auth0-devtenant token --machine --tenant https://tenant.test/)
    seen=$(for _ in $(seq 12); do status -H "Authorization: Bearer $token" $proxy/api/data; echo; done | sort | uniq -c | xargs)
    echo "$seen"; [ "$seen" = "10 200 2 429" ]
    # Log lines are written after the answer, and `grep -q` may end before what writes to it.
    for replica in replica-1 replica-2; do retry sh -c "docker logs auth0-sso-check-$replica-1 2>&1 | grep -q 'GET /api/data'"; done
}
no_metrics() { [ "$(status $proxy/metrics) $(status $proxy/%6Detrics)" = "404 404" ]; }
metrics_port() {  # a scraper in the network reaches it at each replica, and the host at none
    local replica
    for replica in replica-1 replica-2; do
        scale exec -T tenant python -c 'import sys, httpx; sys.exit("auth0_sso_build_info" not in httpx.get(f"http://{sys.argv[1]}:9464/metrics").text)' $replica
    done
    docker ps --format '{{.Names}} {{.Ports}}' >said; cat said; refuses grep -q -- '9464->' said
}
token_of() { scale exec -T tenant auth0-devtenant token "$1" --tenant https://tenant.test/; }
dashboard() { status -H "Authorization: Bearer $(token_of "$1")" $proxy/dashboard; }
rotated_secret() {
    local read="secrets were read again and are used now: $secret" replica
    [ "$(dashboard manager@example.com)" = 200 ]
    printf a-secret-that-the-operator-has-made-0123456789 >other; mv other secrets/$secret
    for replica in replica-1 replica-2; do retry sh -c "docker logs auth0-sso-check-$replica-1 2>&1 | grep -q '$read'"; done
    as_client change-secret a-secret-that-the-operator-has-made-0123456789
    [ "$(dashboard admin@example.com)" = 200 ]
}
as_dpop_client() { as_client dpop; }   # after a restart of the store, which forgets what the client used of its limit
logged_out_everywhere() { as_client log-out; }
key_file() { scale exec -T replica-1 cat /var/lib/auth0-sso/jwks.json | grep -q '"kty"'; }
loses_none() {  # loses_none COMMAND...: while it runs and for some seconds afterwards, each request is answered with 200
    (for _ in $(seq 150); do status $proxy/; echo; sleep .04; done) >seen & local callers=$!
    "$@"; wait $callers; sort seen | uniq -c; [ "$(sort -u seen)" = 200 ]
}
restart_of_a_replica() { loses_none scale restart replica-1; retry curl -sf $proxy/readyz; }
death_of_a_replica() { loses_none scale kill -s KILL replica-2; scale up -d --no-build replica-2; retry is_healthy "$(scale ps -q replica-2)"; }
restart_of_the_store() { loses_none scale restart store; }
problem_without_replicas() {
    scale stop -t 10 replica-1 replica-2; curl -si $proxy/ >said; cat said
    grep -q "^HTTP/1.1 503" said; grep -qi "^content-type: application/problem+json" said; grep -qi "^retry-after: " said
}
down() { local from; from=$(now); scale --profile "*" down -v; [ $(($(now) - from)) -lt 15000 ]; }

run_run() {
    check "there is no pip, compiler, development tenant, setuid program or writable file inside" nothing_needless
    check "without settings it says what is missing and exits with 78" says_what_is_missing
    check "it is healthy with a read-only root, no capabilities and no tmpfs" starts_hardened
    health_check=$(health_check_cpu || true); starts >start-times
    figure "health check $health_check ms of CPU, start $(median 1) ms, $(median 2) ms of CPU (medians of 5)"
    check "a health check takes less than $health_check_budget ms of CPU" cheap_health_check
    check "the best of five starts takes less than $start_budget ms of CPU" quick_start
    check "SIGTERM drains it and it exits with 0" drains
    check "it is healthy on a tenth of a core" healthy_on_a_tenth
    docker rm -f check-small >/dev/null 2>&1 || true
    check "SIGTERM during the start ends it at once" stops_at_once
    check "a secret that only root can read is one sentence and 78" unreadable_secret
    check "the key cache can be in a volume" key_cache
    check "audit records wait in the volume while the database is down" audit_spills
    check "and the next container stores each of them once" audit_follows
    docker rm -f check-audit >/dev/null 2>&1 || true
    check "dev starts without .env, and its tokens are accepted" dev_without_settings
    docker compose --profile dev down -t 1 >/dev/null 2>&1 || true
    check "up proxy starts the replicas and not api" proxy_without_api
    check "every service is read-only, without capabilities, and has limits" hardened_services
    check "two replicas answer through the proxy" two_replicas
    check "they share a limit of 10 a minute" shared_limit
    check "they keep the signing keys in the volume" key_file
    check "/metrics does not pass the proxy" no_metrics
    check "the port of the metrics is for the network of the replicas alone" metrics_port
    check "a replaced file of a secret is used by running replicas" rotated_secret
    check "a log-out by one replica is effective at the other" logged_out_everywhere
    check "the restart of a replica loses no request" restart_of_a_replica
    check "the death of a replica loses no request" death_of_a_replica
    check "the restart of the store loses no request" restart_of_the_store
    check "a DPoP proof passes the proxy once" as_dpop_client
    check "without a ready replica the answer is a problem" problem_without_replicas
    check "down stops all in time" down
}

remove_all   # what an earlier run left that was killed
"run_${1:?build or run}"
echo "$1: $passed passed, $failed failed, $(($(date +%s) - started)) s"
[ "$failed" = 0 ]
