#!/usr/bin/env bash
# Reads docker-compose.prod.yml as compose resolves it, and checks each service against the rows of the CIS Docker benchmark (chapter 5) and
# OWASP's Docker cheat sheet that a compose file can hold. Starts nothing; needs docker's compose plugin, and no engine.
#
#   deploy/scripts/test_compose.sh
#
# The last line is "N passed, N failed". Exit codes: 0 all passed; 1 a check failed; 2 a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/stack.sh
[[ ${1:-} != -h && ${1:-} != --help ]] || { usage scripts/test_compose.sh; exit 0; }
docker compose version >/dev/null 2>&1 || die 2 "docker's compose plugin is needed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
all() { COMPOSE_PROFILES=postgres,object-store,monitoring,tools docker compose --env-file .env.example -f docker-compose.prod.yml "$@"; }
all config >"$work/resolved"
services=$(all config --services | sort)
for service in $services; do
  awk -v service="$service" '/^[a-z]/ { top = $1 } top == "services:" && /^  [^ ]/ { on = $1 == service ":" } top == "services:" && on' "$work/resolved" >"$work/$service"
done
each() { # each PATTERN [EXCEPT...]: a line of every service, but for those named
  local service
  for service in $services; do
    [[ " ${*:2} " == *" $service "* ]] || grep -E -- "$1" "$work/$service" >/dev/null || { echo "$service has no '$1'"; return 1; }
  done
}
none() { # none PATTERN [EXCEPT...]
  local service
  for service in $services; do
    if [[ " ${*:2} " != *" $service "* ]] && grep -E -- "$1" "$work/$service"; then echo "in $service"; return 1; fi
  done
}
only() { [[ $(tr -s ' ' '\n' <<<"$1" | grep '^[A-Za-z]' | sort | xargs) == "$2" ]] || { echo "$1"; return 1; }; }
section() { awk -v name="$2" '$0 ~ "^    " name ":" { on = 1; next } /^    [^ ]/ { on = 0 } on' "$work/$1"; } # section SERVICE NAME

check "seven services, and none beside them" only "$services" "migrate modular nginx object-store objects postgres prometheus"
check "5.3, 5.4 every capability is dropped" each '^    cap_drop:$'
caps() { only "$(section postgres cap_add)" "CHOWN DAC_OVERRIDE FOWNER SETGID SETUID" && none '^    cap_add:' postgres; }
check "5.3, 5.4 only PostgreSQL's entrypoint gets some back" caps
check "5.5 nothing is privileged" none 'privileged: true'
check "5.6, OWASP 1 nothing of the host is mounted, the engine's socket least of all" none 'docker\.sock|source: /(etc|proc|sys|dev|var/run|root|home)?$'
check "5.8 no privileged port inside" none 'target: ([0-9]{1,2}|[0-9]{3}|10[01][0-9]|102[0-3])$'
check "5.10, 5.16, 5.17, 5.21 no namespace of the host" none '(network_mode|pid|ipc|uts|userns_mode): "?host'
check "5.11 memory is limited" each '^ +memory: '
check "5.12 processors are limited" each '^ +cpus: '
check "5.13, OWASP 8 the root is read-only" each '^    read_only: true$'
check "5.14 restart: never \"always\"" each '^    restart: (unless-stopped|"no")$'
check "5.19 no devices" none '^    devices:'
check "5.26 each server has a health check" each '^    healthcheck:$'
tested() { none 'disable: true' migrate objects; }
check "5.26 and only what runs once does without" tested
check "5.29 processes are limited" each '^ +pids: '
check "5.31 no socket, OWASP 4 no new privileges" each 'no-new-privileges:true'
check "OWASP 2 the service and nginx are no root" each '^    user: "?(1654:1654|101:101)"?$' postgres object-store prometheus objects
published() { each '^    ports:$' migrate modular object-store objects postgres prometheus && none '^    ports:$' nginx; }
check "OWASP 5a nothing but nginx is published" published
internal() { awk '/^networks:/ { on = 1 } on && /^  backend:/ { here = 1 } on && here && /internal: true/ { found = 1 } END { exit !found }' "$work/resolved"; }
check "OWASP 5 the backend network has no way out" internal
apart() { ! section postgres networks | grep -E frontend && ! section object-store networks | grep -E frontend && ! section nginx networks | grep -E backend; }
check "OWASP 5 nginx cannot reach the database or the object store" apart
check "logs are rotated" each 'max-size: '
pinned() { none 'image: [^:]*$|image: .*:latest$'; }
check "every image has a tag, and none is latest" pinned
no_passwords() { none '(PASSWORD|SECRET|KEY|DATABASE_URL|TOKEN)[A-Z_]*: [^/]'; }
check "secrets are files: no value stands in the environment" no_passwords
grace() { local modular; modular=$(sed -n 's/^    stop_grace_period: \(.*\)s$/\1/p' "$work/modular"); [[ $modular -gt $(sed -n 's/^      SHUTDOWN_TIMEOUT_SECONDS: "\(.*\)"$/\1/p' "$work/modular") ]] && echo "${modular} s"; }
check "the engine waits longer than the service needs to stop" grace
ordered() { section modular depends_on | grep -A 1 'migrate:' | grep service_completed_successfully && section modular depends_on | grep -A 1 'postgres:' | grep service_healthy && section nginx depends_on | grep -A 1 'modular:' | grep service_healthy; }
check "migrate ends before a replica starts, and nginx starts after" ordered
scales() { none '^    container_name:'; }
check "no container has a fixed name, so that replicas can be many" scales
same_user() { grep -q '^      TRUSTED_PROXIES: 172.28.0.0/24$' "$work/modular" && grep -q 'subnet: 172.28.0.0/24' "$work/resolved"; }
check "only nginx's network is trusted to name clients" same_user
broken() { ! all -f - config >/dev/null 2>&1 <<<'services: { modular: { image: [] } }'; }
check "a compose file that does not fit is refused" broken
finish
