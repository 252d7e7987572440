#!/usr/bin/env bash
# Starts the image as each platform would: as Railway does (PORT, DATABASE_URL as a postgres:// URL, the client in X-Real-IP, a bucket's variables,
# SIGTERM), as one `docker run` with a database and a volume does, and compiles it for arm64, as Oracle's free machines need it.
# (The compose file behind nginx, as on Oracle, is test_production.sh's.)
#
#   deploy/scripts/test_platforms.sh [VERSION]
#
#   VERSION  the tag of MODULAR_IMAGE (default: MODULAR_VERSION in .env)
#
# The last line is "N passed, N failed". Exit codes: 0 all passed; 1 a check failed; 2 wrong usage or a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh
. scripts/lib/stack.sh
[[ ${1:-} != -h && ${1:-} != --help ]] || { usage scripts/test_platforms.sh; exit 0; }
version=${1:-$(setting MODULAR_VERSION "")}
[[ -n $version ]] || die 2 "say which version: test_platforms.sh 1.2.3"
repository=$(cd .. && pwd)
own_stack "$version"
image=$(image_of "$version") project=$(setting COMPOSE_PROJECT_NAME '')
cleanup() { docker rm --force --volumes "$project-railway" "$project-single" >/dev/null 2>&1; docker volume rm "$project-single" >/dev/null 2>&1; }
trap 'code=$?; cleanup || true; remove_stack "$code"' EXIT

check "a database and a bucket as a platform has them" compose up --detach --wait postgres object-store
port=$(free_port)
key=$(<secrets/admin_api_key)
ready_on() { is "$(curl -sS --max-time 5 -o /dev/null -w '%{http_code}' -H "Host: healthcheck.railway.app" "http://127.0.0.1:$1/api/v1/health/ready")" 200; }
api() { local port=$1 path=$2; shift 2; curl -sS --max-time 40 -H "Authorization: Bearer $key" "$@" "http://127.0.0.1:$port/api/v1$path"; }

# ---- Railway --------------------------------------------------------------------------------------------------------------------------
# No volume, no file of secrets, no read-only root, and the edge as the only peer.
railway() {
  docker create --name "$project-railway" --network "${project}_frontend" --publish "127.0.0.1:$port:7001" \
    --env PORT=7001 --env "DATABASE_URL=$(<secrets/database_url)?sslmode=prefer" --env ADMIN_API_KEY="$key" \
    --env S3_ENDPOINT=http://object-store:9000 --env "S3_ACCESS_KEY=$(<secrets/s3_access_key)" --env "S3_SECRET_KEY=$(<secrets/s3_secret_key)" \
    --env S3_BUCKET=modular-railway --env S3_REGION=us-east-1 \
    --env CLIENT_IP_HEADER=X-Real-IP --env TRUSTED_PROXIES=172.16.0.0/12,100.64.0.0/10 --env SHUTDOWN_TIMEOUT_SECONDS=20 "$image" >/dev/null
  docker network connect "${project}_backend" "$project-railway"
  docker start "$project-railway" >/dev/null
  wait_for 60 ready_on "$port" || { docker logs --tail 5 "$project-railway"; return 1; }
}
compose up --no-start modular >/dev/null 2>&1 # makes the networks
check "Railway: ready on the port of PORT, with the schema migrated" railway
works() {
  is "$(api "$1" /objects/in/a.txt -X PUT --data-binary hello -o /dev/null -w '%{http_code}')" 201 || return 1
  local job
  job=$(api "$1" /jobs -H 'Content-Type: application/json' -d '{"type":"object.checksum","payload":{"key":"in/a.txt","algorithms":["sha256"]}}' | field id)
  is "$(api "$1" "/jobs/$job?wait=30" | field state)" succeeded
}
check "Railway: an object in the bucket, a job to its end" works "$port"
real_ip() {
  api "$port" /job-types -o /dev/null -H 'X-Real-IP: 203.0.113.77' -H 'X-Forwarded-For: 198.51.100.1'
  docker logs "$project-railway" 2>&1 | grep -F 203.0.113.77 >/dev/null || { echo "the client's address is not in the log"; return 1; }
}
check "Railway: the client is who X-Real-IP says" real_ip
tls() { api "$port" /job-types -o /dev/null -D - -H 'X-Forwarded-Proto: https' -H 'X-Real-IP: 203.0.113.77' | grep -i '^strict-transport-security: max-age=31536000' >/dev/null; }
check "Railway: behind its TLS edge the answers say HSTS" tls
sigterm() {
  local begun=$SECONDS
  docker stop --time 30 "$project-railway" >/dev/null
  is "$(docker inspect --format '{{.State.ExitCode}}' "$project-railway")" 0 && ((SECONDS - begun < 25)) && echo "$((SECONDS - begun)) s"
}
check "Railway: SIGTERM ends it with 0 in time" sigterm

# ---- one docker run -------------------------------------------------------------------------------------------------------------------
single_port=$(free_port)
sql 'CREATE DATABASE single' >/dev/null
readme_run() { # the command of the README, with this test's names in the place of its own
  local command
  command=$(awk '/^docker run -d --name modular/ { on = 1 } on { print } on && !/\\$/ { exit }' "$repository/README.md")
  [[ $command == *DATABASE_URL* && $command == *:/data* ]] || { echo "the README has no docker run with DATABASE_URL and a volume"; return 1; }
  command=$(sed "s,--name modular,--name $project-single --network ${project}_backend,; s,127.0.0.1:8080:8080,127.0.0.1:$single_port:8080,; s,modular-data:/data,$project-single:/data,
    s,postgres://[^\" ]*,$(sed 's,/modular$,/single,' secrets/database_url),; s, modular:[0-9][^ ]*, $image," <<<"$command")
  ADMIN_API_KEY=$key bash -euo pipefail -c "$command" >/dev/null
  # Published ports need a network that leads out; the database's does not.
  docker network connect "${project}_frontend" "$project-single"
  single_port=$(docker port "$project-single" 8080 2>/dev/null | head -1 | sed 's/.*://')
}
single_ready() { local address; address=$(docker inspect --format "{{(index .NetworkSettings.Networks \"${project}_frontend\").IPAddress}}" "$project-single"); is "$(curl -sS --max-time 5 -o /dev/null -w '%{http_code}' "http://$address:8080/api/v1/health/ready")" 200; }
check "README: one docker run" readme_run
check "README: it is ready" wait_for 60 single_ready
kept() {
  local address
  address=$(docker inspect --format "{{(index .NetworkSettings.Networks \"${project}_frontend\").IPAddress}}" "$project-single")
  is "$(curl -sS -X PUT --data-binary kept -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" "http://$address:8080/api/v1/objects/kept")" 201 || return 1
  docker restart --time 30 "$project-single" >/dev/null
  wait_for 60 single_ready || return 1
  address=$(docker inspect --format "{{(index .NetworkSettings.Networks \"${project}_frontend\").IPAddress}}" "$project-single")
  is "$(curl -sS -H "Authorization: Bearer $key" "http://$address:8080/api/v1/objects/kept")" kept
}
check "README: what is stored is in the volume" kept

# ---- arm64 ----------------------------------------------------------------------------------------------------------------------------
arm64() { # all of it but the runtime image, which nothing of ours runs in while it is built
  local options=(--quiet)
  [[ -s $HOME/.nuget/NuGet/NuGet.Config ]] && options+=(--secret "id=nuget,src=$HOME/.nuget/NuGet/NuGet.Config")
  [[ -n ${DOCKER_BUILD_NETWORK:-} ]] && options+=(--network "$DOCKER_BUILD_NETWORK")
  DOCKER_BUILDKIT=1 docker build "${options[@]}" --platform linux/arm64 --target build --tag "$project-arm64" --file "$repository/Dockerfile.prod" "$repository" >/dev/null || return 1
  is "$(docker run --rm --entrypoint cat "$project-arm64" /rid 2>/dev/null || docker run --rm --platform linux/arm64 --entrypoint cat "$project-arm64" /rid)" linux-arm64
  docker rmi --force "$project-arm64" >/dev/null
}
check "arm64: it compiles on this machine for the other" arm64
finish
