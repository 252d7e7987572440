#!/usr/bin/env bash
# Runs the commands of the guides in docs/, block by block, on a stack of its own, and produces the symptoms of the troubleshooting guide.
#
#   deploy/scripts/test_guides.sh [VERSION] [--keep]
#
#   VERSION  the tag of MODULAR_IMAGE (default: MODULAR_VERSION in .env)
#   --keep   leave the stack running for a look at it
#
# A block that begins with ```bash is run, in deploy/; one with ```bash no-run needs what is not here (a VM, a domain, another machine).
# Takes about four minutes. The last line is "N passed, N failed". Exit codes: 0 all passed; 1 a check failed; 2 wrong usage or a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh
. scripts/lib/stack.sh

version=''
read_arguments test_guides.sh "$@"
docs=$(cd ../docs && pwd)
cp .env.example "${TMPDIR:-/tmp}/env.example.$$"
own_stack "$version" ENABLE_DEBUG_JOBS=true
mv "${TMPDIR:-/tmp}/env.example.$$" .env.example
url=$(base_url) api=$(base_url)/api/v1 out=$stack/out

# ---- links ----------------------------------------------------------------------------------------------------------------------------
links() { # every relative link of a guide leads to a file (proof/ is written by these tests)
  local guide link
  for guide in "$docs"/*.md "$docs/../README.md"; do
    while read -r link; do
      [[ $link == http* || $link == '#'* || $link == *proof/* ]] || [[ -e $(dirname "$guide")/${link%%#*} ]] || { echo "$(basename "$guide"): $link"; return 1; }
    done < <(grep -oE '\]\([^) ]+\)' "$guide" | sed 's/^](//; s/)$//')
  done
}
check "every link in the guides leads somewhere" links
scripts_exist() { local script; while read -r script; do [[ -x $script ]] || { echo "$script"; return 1; }; done < <(grep -ohE 'scripts/[a-z_]+\.sh' "$docs"/*.md | sort -u); }
check "every script that they name is there" scripts_exist

# ---- blocks ---------------------------------------------------------------------------------------------------------------------------
check "deploy.sh brings the stack up" scripts/deploy.sh "$version"
((failed == 0)) || finish
mkdir "$stack/blocks"
for guide in DEPLOY_ORACLE_CLOUD DEPLOY_RAILWAY PRODUCTION_CHECKLIST operations scaling TROUBLESHOOTING_PRODUCTION; do
  awk -v to="$stack/blocks/$guide" '/^```bash$/ { on = 1; file = sprintf("%s.%04d", to, NR + 1); next } /^```/ { on = 0 } on { print > file }' "$docs/$guide.md"
  for block in "$stack/blocks/$guide".*; do
    [[ -e $block ]] || continue
    # The guides speak of the default port.
    sed -i "s,http://127.0.0.1/,$url/,g" "$block"
    check "$guide.md, line $((10#${block##*.})): $(head -1 "$block" | cut -c1-70)" bash -euo pipefail "$block"
  done
done
check "after all of that the stack is well" wait_for 60 check_ready

# ---- symptoms -------------------------------------------------------------------------------------------------------------------------
shows() { # shows TEXT COMMAND...: the command's output has it
  local text=$1
  shift
  "$@" >"$stack/shown" 2>&1 || true
  grep -iE -- "$text" "$stack/shown" | tail -1 | cut -c1-160 | grep . || { tail -3 "$stack/shown" | cut -c1-300; return 1; }
}
replica() { timeout 60 docker compose --progress quiet run --rm --no-deps -T "$@" </dev/null; }
code() { local expected=$1 code=0; shift; "$@" >/dev/null 2>&1 || code=$?; is "$code" "$expected"; }
check "● a wrong setting: told by name" shows '^LOG_LEVEL is "loud"' replica -e LOG_LEVEL=loud modular
check "● a wrong setting: exit code 78" code 78 replica -e LOG_LEVEL=loud modular
sql 'CREATE DATABASE empty' >/dev/null
elsewhere() { # elsewhere OLD NEW: the database's URL with another part, as a file
  sed "s,$1,$2," secrets/database_url >"$stack/database_url"
  chmod 644 "$stack/database_url"
  printf '%s' "$stack/database_url:/run/secrets/database_url:ro"
}
check "● a schema that is behind" shows 'schema "[a-z]+" is behind' replica -v "$(elsewhere '/modular$' /empty)" modular
check "● a wrong password of the database" shows 28P01 replica -v "$(elsewhere 'modular:[^@]*@' modular:wrong@)" modular
waits() { timeout 20 docker compose --progress quiet run --rm --no-deps -T -v "$(elsewhere '@postgres' @nowhere)" modular </dev/null; }
check "● a database that does not answer" shows 'database does not answer yet' waits
printf 'wrong-key-wrong-key-wrong' >"$stack/wrong_key"
chmod 644 "$stack/wrong_key"
wrong_keys() { replica -v "$stack/wrong_key:/run/secrets/s3_secret_key:ro" modular; }
check "● wrong keys of the object store" shows '^S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET: The S3 server failed' wrong_keys
check "● wrong keys of the object store: exit code 78" code 78 wrong_keys
curl -sS -o /dev/null -X PUT --data-binary x -H "Authorization: Bearer $(<secrets/admin_api_key)" "$api/objects/one"
check "● another bucket than the database's" shows '^S3_ENDPOINT, S3_BUCKET: this s3 store holds no objects, but the database knows some' replica -e S3_BUCKET=another modular
check "● another bucket than the database's: exit code 78" code 78 replica -e S3_BUCKET=another modular
check "● the port is taken" shows 'already (allocated|in use)' docker run --rm --publish "127.0.0.1:$(setting HTTP_PORT ''):8080" --entrypoint true "$(setting NGINX_IMAGE nginx:1.28-bookworm)"
check "● the subnet is taken" shows 'overlaps' docker network create --subnet "$(setting FRONTEND_SUBNET '')" modular-test-overlap
docker network rm modular-test-overlap >/dev/null 2>&1 || true
# shellcheck disable=SC2016  # for the shell in the container
other_major() {
  compose exec -T --user root postgres sh -c 'cp -p "$PGDATA/PG_VERSION" /tmp/keep && echo 9 >"$PGDATA/PG_VERSION"'
  local code=0
  shows 'the volume holds PostgreSQL 9' scripts/deploy.sh "$version" || code=1
  compose exec -T --user root postgres sh -c 'cat /tmp/keep >"$PGDATA/PG_VERSION"'
  return "$code"
}
check "● the data is of another major version" other_major
key=$(<secrets/admin_api_key)
answers() { # answers STATUS TEXT curl-arguments...
  is "$(curl -sS --max-time 30 -o "$out" -w '%{http_code}' "${@:3}")" "$1" && shows "$2" cat "$out"
}
check "● 401" answers 401 'status":401' "$api/jobs" -H 'Authorization: Bearer wrong'
check "● 413" answers 413 '"status":413' -X POST "$api/jobs" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' --data-binary "@$(head -c 11534336 /dev/zero >"$stack/big"; echo "$stack/big")"
check "● 404 for metrics" answers 404 '"status":404' "$api/metrics" -H "Authorization: Bearer $key"
limited() { local i; for ((i = 0; i < 220; i++)); do if [[ $(curl -sS -D "$stack/headers" -o "$out" -w '%{http_code}' "$api/health") == 429 ]]; then grep -i '^ratelimit:' "$stack/headers"; return; fi; done; return 1; }
check "● 429 with RateLimit" limited
inside() { compose exec -T nginx curl -sS --max-time 30 -H "Authorization: Bearer $key" -H 'X-Forwarded-For: 192.0.2.50' "$@"; } # the limiter has had enough of this machine's address
paused() {
  inside -X POST http://modular:8080/api/v1/queues/default/pause
  local job
  job=$(inside http://modular:8080/api/v1/jobs -H 'Content-Type: application/json' -d '{"type":"debug.noop","payload":{}}' | field id)
  inside "http://modular:8080/api/v1/jobs/$job" >"$out"
  inside -X POST http://modular:8080/api/v1/queues/default/resume
  shows 'is paused' cat "$out"
}
check "● a job that waits says why" paused
down() { # down SERVICE PART: health names it
  docker pause "$(containers "$1")" >/dev/null
  local code=0
  wait_for 30 not_ready || code=1
  inside http://modular:8080/api/v1/health >"$out" || code=1
  docker unpause "$(containers "$1")" >/dev/null
  wait_for 60 check_ready || code=1
  grep -oE "\"$2\":\{\"status\":\"unhealthy\"" "$out" || code=1
  return "$code"
}
not_ready() { [[ $(curl -sS -o /dev/null --max-time 10 -w '%{http_code}' "$api/health/ready") == 503 ]]; }
check "● the database is down: health says so" down postgres database
check "● the object store is down: health says so" down object-store storage
no_replica() {
  compose stop modular
  # 504 while Docker's DNS still has the address, 502 once it has not.
  [[ $(curl -sS --max-time 30 -D "$stack/headers" -o "$out" -w '%{http_code}' "$api/health/live") == 50[24] ]] || return 1
  grep -i '^content-type: application/problem+json' "$stack/headers"
}
check "● no replica: a problem from nginx" no_replica
compose start modular

# ---- HTTPS ----------------------------------------------------------------------------------------------------------------------------
tls_port=$(free_port)
https() {
  mkdir -p "$stack/pair" acme/.well-known/acme-challenge
  echo token >acme/.well-known/acme-challenge/x
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost -keyout "$stack/pair/privkey.pem" -out "$stack/pair/fullchain.pem" 2>/dev/null
  printf 'COMPOSE_FILE=docker-compose.prod.yml:docker-compose.tls.yml\nHTTPS_PORT=%s\n' "$tls_port" >>.env
  export COMPOSE_FILE=docker-compose.prod.yml:docker-compose.tls.yml
  scripts/install_certificate.sh "$stack/pair" >/dev/null
  chmod 755 acme acme/.well-known acme/.well-known/acme-challenge
  compose up --detach nginx
  wait_for 60 over_tls
}
over_tls() { is "$(curl -sSk --max-time 10 -D "$stack/headers" -o "$out" -w '%{http_code} %{http_version}' "https://127.0.0.1:$tls_port/api/v1/health/live")" '200 2'; }
check "HTTPS: a certificate, and nginx serves it" https
hsts() { curl -sSk -D - -o /dev/null "https://127.0.0.1:$tls_port/" | grep -i '^strict-transport-security: max-age=31536000'; }
check "HTTPS: HSTS, once" hsts
plain() { is "$(curl -sS -o /dev/null -w '%{http_code}' "$url/")" 308 && is "$(curl -sS -o "$out" -w '%{http_code}' "$api/jobs")" 403 && is "$(curl -sS "$url/.well-known/acme-challenge/x")" token; }
check "HTTPS: port 80 redirects pages, refuses the API, and answers the certificate authority" plain
old_tls() { ! curl -sSk --tls-max 1.1 -o /dev/null "https://127.0.0.1:$tls_port/" 2>/dev/null; }
check "HTTPS: nothing below TLS 1.2" old_tls
check "HTTPS: a renewed certificate is taken up" scripts/install_certificate.sh "$stack/pair"
say "$SECONDS s"
finish
