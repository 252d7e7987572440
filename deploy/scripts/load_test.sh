#!/usr/bin/env bash
# Measures a running deployment under load, bounded in time and connections, from this machine only.
#
#   deploy/scripts/load_test.sh [--seconds N] [--connections N] [--fresh [VERSION]]
#
#   --seconds N        length of each of the four scenarios (default: 10, at most 120)
#   --connections N    connections at once (default: 32, at most 256)
#   --fresh [VERSION]  on a stack of its own instead of the running deployment, and remove it afterwards
#
# Requests go to one replica, past nginx and its limits, with a key of their own that no limit stops; the key, its jobs and its object are
# removed at the end. Then the limiter is verified through nginx. Reported per scenario: requests a second, p50, p95, p99, errors, CPU and
# memory of each part, connections in use; and in the end what the bottleneck was. Needs wrk (or ab, from apache2-utils).
# The load generator runs on the same machine and takes its share of it: the numbers are a lower bound.
#
# Exit codes: 0 measured, without errors, and the limiter limits; 1 errors, or the limiter does not; 2 wrong usage or a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh
. scripts/lib/stack.sh

seconds=10 connections=32 own=''
while (($#)); do
  case $1 in
    --seconds) seconds=${2:?}; shift ;;
    --connections) connections=${2:?}; shift ;;
    --fresh) own=$(setting MODULAR_VERSION ""); [[ ${2:-} == "" || ${2:-} == --* ]] || { own=$2; shift; } ;;
    -h | --help) usage "scripts/load_test.sh"; exit 0 ;;
    *) die 2 "no such option: $1" ;;
  esac
  shift
done
number_or_die --seconds "$seconds"
number_or_die --connections "$connections"
((seconds <= 120 && connections <= 256)) || die 2 "at most 120 seconds and 256 connections"
command -v wrk >/dev/null || command -v ab >/dev/null || die 2 "wrk or ab is needed (Debian: apt-get install wrk)"
if [[ -n $own ]]; then
  own_stack "$own" ENABLE_DEBUG_JOBS=true
  scripts/deploy.sh "$own"
else
  preflight
fi

work=$(mktemp -d)
replica=$(containers modular | head -1)
[[ -n $replica ]] || die 2 "Modular does not run: scripts/deploy.sh"
address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$replica" | tr ' ' '\n' | grep . | tail -1)
target=http://$address:8080/api/v1
answer=$(call /api-keys -X POST -H 'Content-Type: application/json' -d '{"name":"load_test","scopes":["jobs:read","jobs:write","objects:read","objects:write","metrics"],"rateLimitPerMinute":1000000}')
key=$(field key <<<"$answer") key_id=$(field id <<<"$answer")
[[ -n $key ]] || die 1 "no key could be made: $answer"
clean() {
  local code=$?
  curl -sS -o /dev/null -K <(printf 'header = "Authorization: Bearer %s"\n' "$key") -X DELETE "$target/objects/load-test/object" || true
  call "/api-keys/$key_id" -X DELETE -o /dev/null || true
  rm -rf "$work"
  if [[ -n $own ]]; then remove_stack "$code"; fi
  exit "$code"
}
trap clean EXIT
load() { curl -sS --max-time 60 -K <(printf 'header = "Authorization: Bearer %s"\n' "$key") "$@"; }
head -c 1024 /dev/urandom | load -o /dev/null -T - "$target/objects/load-test/object"
body='{"type":"object.checksum","tags":["load-test"],"payload":{"key":"load-test/object","algorithms":["sha256"]}}'
load "$target/job-types" | grep -F '"debug.noop"' >/dev/null && body='{"type":"debug.noop","tags":["load-test"],"payload":{}}'
printf '%s' "$body" >"$work/body"

with_wrk() { # with_wrk METHOD PATH: "RATE P50 P95 P99 ERRORS" (milliseconds)
  cat >"$work/load.lua" <<LUA
wrk.method = "$1"
wrk.headers["Authorization"] = "Bearer $key"
wrk.headers["Content-Type"] = "application/json"
if "$1" == "POST" then wrk.body = io.open("$work/body"):read("*a") end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %.0f %.2f %.2f %.2f %d\n", summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
LUA
  wrk -t 2 -c "$connections" -d "${seconds}s" --timeout 10s -s "$work/load.lua" "$target$2" | sed -n 's/^RESULT //p'
}
with_ab() {
  local options=()
  [[ $1 == POST ]] && options=(-p "$work/body" -T application/json)
  ab -q -k -t "$seconds" -n 10000000 -c "$connections" -s 10 -H "Authorization: Bearer $key" "${options[@]}" "$target$2" 2>/dev/null |
    awk '/^Requests per second/ { r = $4 } /^ *50%/ { a = $2 } /^ *95%/ { b = $2 } /^ *99%/ { c = $2 } /^Failed requests/ { f = $3 } /^Non-2xx/ { n = $3 } END { printf "%.0f %s %s %s %d\n", r, a, b, c, f + n }'
}
sample() { # CPU and memory in the middle of the load, and the pool
  local parts
  mapfile -t parts < <(containers modular postgres object-store nginx)
  sleep 1
  processors >"$work/before"
  sleep $((seconds / 2))
  processors >"$work/after"
  docker stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}}' "${parts[@]}" >"$work/stats" 2>/dev/null || true
  load "$target/metrics" >"$work/metrics" 2>/dev/null || true
}
processors() { awk '$1 == "cpu" { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat; } # idle and all, in ticks
value() { awk -v name="$1" '$1 == name { print $2 }' "$work/metrics" | head -1; }

size() { if has_service postgres; then sql "SELECT pg_database_size('modular')"; else echo 0; fi; }
jobs_before=$(load "$target/metrics" | awk '/^modular_jobs_submitted_total/ { sum += $2 } END { print sum + 0 }') size_before=$(size)
errors=0
printf '%s s each, %s connections, %s cores, %s, job type %s\n' "$seconds" "$connections" "$(nproc)" "$(command -v wrk >/dev/null && echo wrk || echo ab)" "$(field type <"$work/body")"
printf '%-22s %9s %8s %8s %8s %7s\n' scenario req/s 'p50 ms' 'p95 ms' 'p99 ms' errors
while read -r name method path; do
  sample &
  if command -v wrk >/dev/null; then result=$(with_wrk "$method" "$path"); else result=$(with_ab "$method" "$path"); fi
  wait $!
  read -r rate p50 p95 p99 wrong <<<"$result"
  errors=$((errors + wrong))
  printf '%-22s %9s %8s %8s %8s %7s\n' "$name" "$rate" "$p50" "$p95" "$p99" "$wrong"
  idle=$(paste -d' ' "$work/before" "$work/after" | awk '{ printf "%d", 100 * ($3 - $1) / ($4 - $2 + 1) }')
  awk '{ match($1, /(modular|postgres|object-store|nginx)-[0-9]+$/); printf "    %-16s %8s of a core, %s\n", substr($1, RSTART), $2, $3 }' "$work/stats"
  busy=$(value 'modular_db_pool_connections{state="busy"}') most=$(value modular_db_pool_max_connections)
  printf '    processors %s %% idle; connections to the database in use: %s of %s\n' "$idle" "${busy:-?}" "${most:-?}"
  awk -v name="$name" -v busy="${busy:-0}" -v most="${most:-1}" -v idle="$idle" '
    { cpu = $2 + 0; if (cpu > top) { top = cpu; match($1, /(modular|postgres|object-store|nginx)-[0-9]+$/); who = substr($1, RSTART) } }
    END {
      if (busy >= most) why = "the connection pool (DB_MAX_CONNECTIONS)"
      else if (idle < 15) why = sprintf("the processors of this machine (%d %% idle, the load generator included); the busiest part is %s with %d %% of a core", idle, who, top)
      else why = sprintf("waiting, not computing (the processors are %d %% idle); the busiest part is %s with %d %% of a core", idle, who, top)
      print name ": " why
    }' "$work/stats" >>"$work/bottleneck"
done <<LIST
ready GET /health/ready
list-jobs GET /jobs?limit=20
read-object-1KiB GET /objects/load-test/object
submit-job POST /jobs
LIST

say "waiting for the submitted jobs to end"
submitted=$(load "$target/metrics" | awk '/^modular_jobs_submitted_total/ { sum += $2 } END { print sum + 0 }')
begun=$SECONDS
drained() { load "$target/metrics" | awk '/^modular_jobs_(queued|running)\{/ { sum += $2 } END { exit sum > 0 }'; }
wait_for 300 drained || { errors=$((errors + 1)); echo "jobs still wait after 5 minutes"; }
submitted=$((submitted - jobs_before))
echo "$submitted jobs were submitted; none waits $((SECONDS - begun)) s after the load"
if has_service postgres && ((submitted > 0)); then echo "the database grew by $((($(size) - size_before) / submitted)) bytes a job, indexes and events included"; fi
failed=$(load "$target/jobs?state=failed&tag=load-test&limit=1" | grep -c '"id"' || true)
((failed == 0)) || { errors=$((errors + 1)); echo "jobs of the load failed"; }

limit=$(setting RATE_LIMIT_PER_MINUTE 100)
if ((limit == 0)); then
  echo "limiter: off (RATE_LIMIT_PER_MINUTE=0)"
else
  accepted=0 refused=0
  replicas=$(containers modular | wc -l)
  for ((i = 0; i < limit * replicas * 2 + 40; i++)); do
    case $(curl -sS -o /dev/null -w '%{http_code}' "$(base_url)/api/v1/health") in 200) accepted=$((accepted + 1)) ;; 429) refused=$((refused + 1)) ;; esac
  done
  echo "limiter: $accepted answered, $refused refused with 429 (limit: $limit a minute and replica)"
  ((refused > 0)) || { errors=$((errors + 1)); echo "limiter: it does not limit"; }
fi
echo "bottleneck:"
sed 's/^/  /' "$work/bottleneck"
echo "$errors errors"
exit $((errors > 0))
