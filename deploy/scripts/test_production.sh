#!/usr/bin/env bash
# Proves that the production stack does what it promises: starts one of its own beside whatever runs (other names, another port),
# looks at it from outside and inside, breaks its parts, and removes it.
#
#   deploy/scripts/test_production.sh [VERSION] [--keep]
#
#   VERSION  the tag of MODULAR_IMAGE to test (default: MODULAR_VERSION in .env)
#   --keep   leave the stack running for a look at it
#
# Takes about three minutes. Every check is one line; those that failed are told again at the end, and the last line is "N passed, N failed".
# Exit codes: 0 all passed; 1 a check failed; 2 wrong usage or a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh
. scripts/lib/stack.sh

version=''
read_arguments test_production.sh "$@"
own_stack "$version" ENABLE_DEBUG_JOBS=true JOB_LEASE_SECONDS=5 ALLOWED_ORIGINS=https://app.example.com SHUTDOWN_TIMEOUT_SECONDS=10

secs() { date +%s%3N; }
url=$(base_url) api=$(base_url)/api/v1
out=$stack/out headers=$stack/headers
# A key of its own, counted by itself and not by this machine's address: the administrator's would meet the limiter after 100 requests.
as_key() { printf 'header = "Authorization: Bearer %s"\n' "$(<"$stack/key")"; }
get() { curl -sS --max-time 60 -K <(as_key) -D "$headers" -o "$out" -w '%{http_code}' "$@"; } # answers the status; headers and body are in files
header() { tr -d '\r' <"$headers" | sed -n "s/^$1: *//Ip" | tail -1; }
is() { [[ $1 == "$2" ]] || { echo "got '$1', expected '$2'; $(head -c 200 "$out" 2>/dev/null)"; return 1; }; }
has() { grep -qF -- "$1" "${2:-$out}" || { echo "no '$1' in: $(head -c 300 "${2:-$out}")"; return 1; }; }
problem() { is "$(get "${@:2}")" "$1" && is "$(header content-type | cut -d';' -f1)" application/problem+json && has "\"status\":$1"; }
submit() { curl -sS --max-time 20 -K <(as_key) "$api/jobs" -H 'Content-Type: application/json' -d "$1" | field id; }
state() { curl -sS --max-time 70 -K <(as_key) "$api/jobs/$1?wait=${2:-0}" | field state; }
modular() { containers modular | head -1; }
inside() { compose exec -T nginx curl -sS --max-time 20 "$@"; } # from nginx's place on the network, straight to a replica

# ---- start --------------------------------------------------------------------------------------------------------------------------
begun=$(secs)
check "deploy.sh brings the stack up" scripts/deploy.sh "$version"
((failed == 0)) || { compose logs --tail 20; finish; }
all_healthy() {
  local container
  for container in $(containers postgres object-store modular nginx); do wait_healthy 60 "$container" || return 1; done
  echo "$((($(secs) - begun) / 1000)) s from nothing"
}
check "every service is healthy" all_healthy
call /api-keys -X POST -H 'Content-Type: application/json' \
  -d '{"name":"test_production","scopes":["jobs:read","jobs:write","objects:read","objects:write","ops","metrics"],"rateLimitPerMinute":100000}' | field key >"$stack/key"
check "a key was made" test -s "$stack/key"
quiet=$(submit '{"type":"debug.noop","payload":{},"delaySeconds":3600}')
# Nothing will happen to this job: what its stream shows after 15 s is a heartbeat.
curl -sSN --max-time 60 -K <(as_key) -D "$stack/stream.headers" "$api/jobs/$quiet/events" -H 'Accept-Encoding: gzip' >"$stack/stream" 2>/dev/null &

# ---- what runs ------------------------------------------------------------------------------------------------------------------------
inspect() { is "$(docker inspect --format "$1" "$(modular)")" "$2"; }
check "it runs as user 1654" inspect '{{.Config.User}}' 1654:1654
check "its root is read-only" inspect '{{.HostConfig.ReadonlyRootfs}}' true
check "it has no capability" inspect '{{.HostConfig.CapDrop}}{{.HostConfig.CapAdd}}' '[ALL][]'
check "it cannot gain privileges" inspect '{{.HostConfig.SecurityOpt}}' '[no-new-privileges:true]'
limits_set() {
  local container
  for container in $(containers); do
    docker inspect --format '{{.Name}} {{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.HostConfig.Privileged}}' "$container" |
      awk '{ print; if ($2 + 0 == 0 || $3 + 0 == 0 || $4 + 0 <= 0 || $5 != "false") exit 1 }' || return 1
  done | tail -1
}
check "every container has memory, CPU and process limits" limits_set
no_shell() { ! compose exec -T modular sh -c true; }
check "the image has no shell" no_shell
layers() { # what the Dockerfile adds to the runtime image
  docker history --no-trunc --format '{{.CreatedBy}} {{.Size}}' "$(image_of "$version")" | grep -F 'COPY' | awk '{ size = $(NF - 2) == "#" ? $NF : $(NF - 2); for (i = 1; i <= NF; i++) if ($i ~ /^[0-9.]+MB$/) { sub("MB", "", $i); sum += $i } } END { print sum " MB of layers"; exit !(sum > 10 && sum < 60) }'
}
check "its layers are below 60 MB" layers
no_secrets() { # no_secrets COMMAND...: its output holds none of the secrets
  local name
  "$@" >"$stack/text" 2>&1 || true
  for name in secrets/* key; do
    if grep -qF -- "$(sed 's,.*modular:\([^@]*\)@.*,\1,' "$name")" "$stack/text"; then echo "$name is in it"; return 1; fi
  done
}
check "no secret is in the image" no_secrets docker history --no-trunc "$(image_of "$version")"
# shellcheck disable=SC2046
check "no secret is in a container's environment or command" no_secrets docker inspect $(containers --all)
published() { is "$(docker ps --filter "label=com.docker.compose.project=$(setting COMPOSE_PROJECT_NAME '')" --format '{{.Names}} {{.Ports}}' | grep -c -- '->')" 1; }
check "only nginx is published" published
closed() { # the database and the object store answer neither on the host nor on nginx's network
  local part port
  for part in postgres:5432 object-store:9000; do
    port=${part#*:}
    if compose exec -T nginx curl -s --max-time 3 -o /dev/null "telnet://$part"; then echo "$part is open to nginx"; return 1; fi
    if docker port "$(containers "${part%:*}")" 2>/dev/null | grep .; then return 1; fi
  done
}
check "the database and the object store are out of nginx's reach" closed

# ---- health, API, console -------------------------------------------------------------------------------------------------------------
check "live" is "$(get "$api/health/live")" 200
check "ready" is "$(get "$api/health/ready")" 200
health_hides() { is "$(curl -sS -o "$out" -w '%{http_code}' "$api/health")" 200 && has '"version"' && ! grep -q latencyMs "$out"; }
check "health tells strangers the status and the version only" health_hides
health_time() { for _ in $(seq 40); do curl -sS -o /dev/null -w '%{time_total}\n' "$api/health/ready"; done | sort -n | awk '{ t[NR] = $1 } END { printf "p95 %.0f ms\n", t[38] * 1000; exit t[38] > 1 }'; }
check "health answers quickly" health_time
check "without a key: 401" is "$(curl -sS -o "$out" -w '%{http_code}' "$api/jobs")" 401
console() {
  local asset
  is "$(curl -sS -o "$stack/home" -w '%{http_code}' "$url/")" 200 && has '<!doctype html' <(tr '[:upper:]' '[:lower:]' <"$stack/home") || return 1
  grep -oE '(src|href)="/?assets/[^"]+"' "$stack/home" | cut -d'"' -f2 >"$stack/assets"
  while read -r asset; do
    is "$(curl -sS -D "$headers" -o "$out" -w '%{http_code}' "$url/${asset#/}")" 200 || { echo "$asset"; return 1; }
    is "$(header cache-control)" 'public, max-age=31536000, immutable' || { echo "$asset"; return 1; }
  done <"$stack/assets"
  echo "$(wc -l <"$stack/assets") assets"
}
check "the console and all its assets load" console
check "the reference page loads" is "$(get "$url/docs")" 200
check "the API description loads" is "$(get "$url/openapi/v1.json")" 200
printf 'name,born\nAda Lovelace,1815\n' >"$stack/people.csv"
check "an object is stored" is "$(get -T "$stack/people.csv" "$api/objects/in/people.csv")" 201
object_back() { is "$(get "$api/objects/in/people.csv")" 200 && cmp "$out" "$stack/people.csv"; }
check "the same bytes come back" object_back
range() { is "$(get -r 5-8 "$api/objects/in/people.csv")" 206 && is "$(<"$out")" born; }
check "a range is a 206" range
check "a range past the end is a 416" problem 416 -r 999- "$api/objects/in/people.csv"
not_modified() { get "$api/objects/in/people.csv" >/dev/null; is "$(get -H "If-None-Match: $(header etag)" "$api/objects/in/people.csv")" 304; }
check "the same entity tag is a 304" not_modified
not_compressed() { get -H 'Accept-Encoding: gzip' "$api/objects/in/people.csv" >/dev/null; is "$(header content-encoding)" "" && [[ $(header etag) == '"'* ]]; }
check "objects are never compressed, and keep their strong tag" not_compressed
job=$(submit '{"type":"table.convert","payload":{"key":"in/people.csv","output":"out/people.jsonl","to":"jsonl"}}')
check "a worker runs a job to its end" is "$(state "$job" 30)" succeeded
check "its result can be read" is "$(curl -sS -K <(as_key) "$api/objects/out/people.jsonl")" '{"name":"Ada Lovelace","born":1815}'
upload() { # 12 MiB: beyond the request limit, through the signed route
  head -c 12582912 /dev/urandom >"$stack/large"
  local answer target
  answer=$(curl -sS -K <(as_key) "$api/objects/uploads" -H 'Content-Type: application/json' -d '{"key":"in/large","size":12582912}')
  target=$(field url <<<"$answer")
  [[ $target == /* ]] && target=$url$target
  is "$(curl -sS -o "$out" -w '%{http_code}' -T "$stack/large" "${target//\\u0026/&}")" 204 || is "$(curl -sS -o "$out" -w '%{http_code}' -T "$stack/large" "${target//\\u0026/&}")" 200 || return 1
  is "$(get -X POST "$api/objects/uploads/$(field id <<<"$answer")/complete")" 201 && get "$api/objects/in/large" >/dev/null && cmp "$out" "$stack/large"
}
check "12 MiB go through a signed URL" upload

# ---- streams --------------------------------------------------------------------------------------------------------------------------
events() { curl -sSN --max-time 20 -K <(as_key) -D "$headers" -w '%{stderr}%{time_starttransfer}' "$api/jobs/$job/events" "$@" 2>"$stack/first"; }
replay() { events -H 'Last-Event-ID: 0' -H 'Accept-Encoding: gzip' >"$out"; has 'event: end' && is "$(header content-encoding)" "" && is "$(header content-type)" text/event-stream && echo "first byte after $(<"$stack/first") s"; }
check "a job's events replay, uncompressed" replay
resume() { local last; last=$(sed -n 's/^id: //p' "$out" | tail -1); events -H "Last-Event-ID: $((last - 1))" >"$stack/rest"; is "$(grep -c '^id: ' "$stack/rest")" 1; }
check "a reader that comes back gets exactly the rest" resume

# ---- limits, headers, hostile input -----------------------------------------------------------------------------------------------------
head -c 11534336 /dev/zero >"$stack/eleven"
check "413 for a raw body" problem 413 -T "$stack/eleven" "$api/objects/too/large"
check "413 for a chunked body" problem 413 -T - -H 'Transfer-Encoding: chunked' "$api/objects/too/large" <"$stack/eleven"
check "413 for JSON" problem 413 -H 'Content-Type: application/json' --data-binary "@$stack/eleven" "$api/jobs"
check "413 for a form" problem 413 -F "file=@$stack/eleven" "$api/objects"
nothing_kept() { is "$(get "$api/objects/too/large")" 404; }
check "nothing of them was kept" nothing_kept
direct_413() { is "$(compose exec -T nginx sh -c 'head -c 11534336 /dev/zero | curl -sS -o /dev/null -w "%{http_code}" -X POST -H "Content-Type: application/json" --data-binary @- http://modular:8080/api/v1/session')" 413; }
check "the service refuses by itself too" direct_413
sound() { # sound STATUS URL...: the headers that every answer has, each once
  local status=$1 name
  shift
  is "$(get "$@")" "$status" || return 1
  for name in content-security-policy x-content-type-options referrer-policy x-frame-options permissions-policy; do
    is "$(tr -d '\r' <"$headers" | grep -ci "^$name:")" 1 || { echo "$name on $status of ${*: -1}"; return 1; }
  done
  [[ $(header server) != */* ]] || { echo "server: $(header server)"; return 1; }
}
check "security headers on a 200" sound 200 "$api/health"
check "security headers on a page" sound 200 "$url/"
check "security headers on the service's 404" sound 404 "$api/nothing"
check "security headers on nginx's own 404" sound 404 "$api/metrics"
check "security headers on nginx's own 405" sound 405 -X TRACE "$api/health"
metrics_closed() { local path; for path in metrics METRICS metrics/ %6detrics ../v1/metrics /metrics; do is "$(get --path-as-is "$api/$path")" 404 || { echo "$path"; return 1; }; done; }
check "metrics are closed to the outside, however they are spelled" metrics_closed
cors() {
  get -X OPTIONS "$api/jobs" -H "Origin: $1" -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: authorization,content-type' >/dev/null
  is "$(header access-control-allow-origin)" "$2"
}
check "CORS: the allowed origin may" cors https://app.example.com https://app.example.com
check "CORS: another may not" cors https://evil.example.com ""
varies() { grep -i '^vary:' "$headers" | grep -i accept-encoding >/dev/null || { echo "no Vary: Accept-Encoding"; return 1; }; }
vary() { get "$api/job-types" >/dev/null; varies && get -H 'Accept-Encoding: gzip' "$api/job-types" >/dev/null && is "$(header content-encoding)" gzip && varies; }
check "JSON is compressed, and both variants say Vary" vary
hostile() {
  local key status
  for key in '..%2f..%2fetc%2fpasswd' 'a/%2e%2e/b' 'a%5cb' 'a%00b' 'a//b' 'a/../../../../etc/passwd' '%ff%fe' 'a%2fb'; do
    status=$(get --path-as-is "$api/objects/$key")
    [[ $status == 400 || $status == 404 && $key == *../* ]] || { echo "$key: $status"; return 1; }
    ! grep -q root: "$out" || return 1
  done
}
check "hostile keys are refused" hostile
spoof() { compose logs --no-log-prefix modular 2>/dev/null >"$stack/log"; ! grep -F 203.0.113.77 "$stack/log"; }
curl -sS -o /dev/null -H 'X-Forwarded-For: 203.0.113.77' -H 'Forwarded: for=203.0.113.77' "$api/health"
check "an invented client address does not get through nginx" spoof
limited() {
  local i status
  for ((i = 0; i < 130; i++)); do
    status=$(curl -sS -D "$headers" -o "$out" -w '%{http_code}' -H "X-Forwarded-For: 198.51.100.$i" "$api/health")
    if [[ $status == 429 ]]; then
      local after
      after=$(header retry-after)
      ((after >= 1 && after <= 60)) && has '"status":429' && echo "429 after $i requests, Retry-After $after"
      return
    fi
  done
  echo "130 requests and no 429"
  return 1
}
check "the limiter limits, and an invented address is no way around it" limited
check "another client is not limited" is "$(inside -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 192.0.2.9' http://modular:8080/api/v1/health)" 200

# ---- metrics and logs -----------------------------------------------------------------------------------------------------------------
scrape() { inside -H "Authorization: Bearer $(<"$stack/key")" http://modular:8080/api/v1/metrics >"$stack/metrics"; has modular_build_info "$stack/metrics" && ! grep -qE 'in/people|Password|postgres://' "$stack/metrics" && echo "$(grep -vc '^#' "$stack/metrics") samples"; }
check "metrics inside, with nothing private in them" scrape
promtool() { docker image inspect "$(setting PROMETHEUS_IMAGE prom/prometheus:v3.5.0)" >/dev/null 2>&1 || { echo "no Prometheus image here"; return 0; }; docker run --rm -i --entrypoint promtool "$(setting PROMETHEUS_IMAGE prom/prometheus:v3.5.0)" check metrics <"$stack/metrics"; }
check "promtool finds nothing to say about them" promtool
json_logs() { # each line through a real JSON parser: PostgreSQL's
  docker logs "$(containers "$1" | head -1)" 2>/dev/null | { if [[ $1 == nginx ]]; then grep -v '^/docker-entrypoint\|^[0-9-]*/' || true; else cat; fi; } >"$stack/log"
  [[ -s $stack/log ]] || { echo "no log"; return 1; }
  pg psql -X -q -At -v ON_ERROR_STOP=1 -c 'CREATE TEMP TABLE line (text text)' -c "\\copy line from stdin with (format csv, quote E'\\x01', delimiter E'\\x02')" \
    -c "SELECT count(text::jsonb->>'$2') || ' lines' FROM line" <"$stack/log"
}
check "every log line of the service is JSON" json_logs modular @t
check "every access line of nginx is JSON" json_logs nginx time

heartbeat() { has ': ping' "$stack/stream" && ! grep -qi '^content-encoding' "$stack/stream.headers"; }
check "the stream opened at the start has its heartbeat" wait_for 20 heartbeat

# ---- breaking it ----------------------------------------------------------------------------------------------------------------------
ready_is() { is "$(curl -sS --max-time 10 -o "$out" -w '%{http_code}' "$api/health/ready")" "$1"; }
paused() {
  docker pause "$(containers "$1")" >/dev/null
  local code=0
  { wait_for 20 ready_is 503 && is "$(curl -sS --max-time 10 -o "$out" -w '%{http_code}' "$api/health/live")" 200; } || code=1
  docker unpause "$(containers "$1")" >/dev/null
  wait_for 30 ready_is 200 && return "$code"
}
check "a database that hangs: not ready, alive, and ready again" paused postgres
check "an object store that hangs: not ready, alive, and ready again" paused object-store
crash() { # from outside its own process namespace, so that the restart policy sees a crash and not a stop
  docker run --rm --pid host --user 0 --cap-add KILL --entrypoint sh "$(setting NGINX_IMAGE nginx:1.28-bookworm)" -c "kill -9 $(docker inspect --format '{{.State.Pid}}' "$(modular)")"
}
running() { is "$(state "$1")" running; }
recovers() {
  local job id
  id=$(modular)
  job=$(submit '{"type":"debug.sleep","payload":{"milliseconds":4000,"steps":4},"maxAttempts":3,"backoff":{"kind":"fixed","baseSeconds":1,"maxSeconds":1}}')
  wait_for 10 running "$job" && crash || return 1
  wait_for 60 ready_is 200 || return 1
  is "$(modular)" "$id" && is "$(docker inspect --format '{{.RestartCount}}' "$id")" 1 && is "$(state "$job" 60)" succeeded && echo "the job ended in another attempt"
}
check "killed: it restarts by itself, and the job ends" recovers
drains() {
  local job id
  id=$(modular)
  job=$(submit '{"type":"debug.sleep","payload":{"milliseconds":20000,"steps":20}}')
  wait_for 10 running "$job" || return 1
  local begun=$SECONDS
  docker stop --time 40 "$id" >/dev/null
  is "$(docker inspect --format '{{.State.ExitCode}}' "$id")" 0 || return 1
  ((SECONDS - begun < 20)) || { echo "it took $((SECONDS - begun)) s"; return 1; }
  docker start "$id" >/dev/null
  wait_for 30 ready_is 200 && is "$(state "$job" 50)" succeeded && get "$api/jobs/$job" >/dev/null && is "$(field attempt <"$out")" 1 && echo "the interrupted attempt did not count"
}
check "stopped: exit 0 in time, the running job is given back and ends later" drains
scaled() {
  compose up --detach --scale modular=3 modular >/dev/null 2>&1
  local container
  for container in $(containers modular); do wait_healthy 60 "$container" || return 1; done
  wait_for 20 spread
}
spread() { for _ in $(seq 24); do curl -sS -o /dev/null "$api/health/live"; done; compose logs --no-log-prefix --tail 24 nginx | grep -o '"upstream":"[^"]*"' | sort -u | wc -l | grep -qx 3; }
check "three replicas, and nginx asks all of them" scaled

# ---- what the whole run left behind ---------------------------------------------------------------------------------------------------
check "no secret is in any log" no_secrets compose logs
say "$(($(secs) - begun)) ms"
finish
