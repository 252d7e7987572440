# What the deployment scripts share; sourced, never run. Everything goes through the Docker engine that DOCKER_HOST names.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
die() { # die CODE TEXT
  printf 'error: %s\n' "${*:2}" >&2
  exit "$1"
}
usage() { # the script's own head
  sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//p}' "$1"
}
number_or_die() { [[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || die 2 "$1 must be a whole number above 0, not '$2'"; }

setting() { # setting NAME DEFAULT: from the environment, else from .env, as compose reads it
  local value=${!1:-}
  [[ -n $value ]] || value=$(sed -n "s/^$1=//p" .env 2>/dev/null | tail -1 | sed "s/^[\"']//; s/[\"']\$//")
  printf '%s' "${value:-$2}"
}
compose() { docker compose --progress quiet "$@" </dev/null; }
# Not grep -q: it would leave before compose has written all, which pipefail counts as a failure.
has_service() { compose config --services | grep -x -- "$1" >/dev/null; }
containers() { docker compose ps --quiet "$@" </dev/null; }

preflight() {
  docker compose version >/dev/null 2>&1 || die 2 "docker with its compose plugin is needed"
  command -v curl >/dev/null || die 2 "curl is needed"
  docker info >/dev/null 2>&1 || die 2 "no Docker engine answers at ${DOCKER_HOST:-the default socket}"
  [[ -f .env ]] || die 2 "deploy/.env is missing: cp .env.example .env, and look through it"
  local name
  for name in postgres_password database_url s3_access_key s3_secret_key admin_api_key; do
    [[ -s secrets/$name ]] || die 2 "deploy/secrets/$name is missing: scripts/make_secrets.sh makes it"
  done
  export COMPOSE_FILE COMPOSE_PROFILES
  COMPOSE_FILE=$(setting COMPOSE_FILE docker-compose.prod.yml)
  COMPOSE_PROFILES=$(setting COMPOSE_PROFILES postgres,object-store)
}

base_url() { # where nginx answers, seen from this machine
  local bind
  bind=$(setting HTTP_BIND 0.0.0.0)
  [[ $bind == 0.0.0.0 ]] && bind=127.0.0.1
  if [[ $(setting COMPOSE_FILE "") == *tls* ]]; then
    printf 'https://%s:%s' "$(setting SERVER_NAME localhost)" "$(setting HTTPS_PORT 443)"
  else
    printf 'http://%s:%s' "$bind" "$(setting HTTP_PORT 80)"
  fi
}
call() { # call PATH [curl options]: as the administrator; the key never stands in a command line
  local path=$1
  shift
  curl -sS --max-time 60 -K <(printf 'header = "Authorization: Bearer %s"\n' "$(<secrets/admin_api_key)") "$@" "$(base_url)/api/v1$path"
}
status_of() { local path=$1; shift; call "$path" -o /dev/null -w '%{http_code}' "$@" 2>/dev/null || true; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -1; } # field NAME: of the JSON on standard input
wait_for() { # wait_for SECONDS COMMAND...: until it succeeds
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.5
  done
}
# pg PROGRAM ARGUMENTS...: one of PostgreSQL's programs in its container, as the service's user.
# shellcheck disable=SC2016  # for the shell in the container
pg() { docker compose exec -T postgres sh -c 'export PGPASSWORD="$(cat /run/secrets/postgres_password)" PGUSER=modular PGDATABASE=modular PGHOST=127.0.0.1; exec "$@"' sh "$@"; }
sql() { pg psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1" </dev/null; }
