#!/usr/bin/env bash
# The whole story, on a stack of its own: deploy a version, put jobs and objects into it, back it up, deploy two broken versions that must not
# stay, destroy every volume, restore, and find every job and every object again.
#
#   deploy/scripts/test_rollback.sh [VERSION] [--keep]
#
#   VERSION  the tag of MODULAR_IMAGE that works (default: MODULAR_VERSION in .env)
#   --keep   leave the stack running for a look at it
#
# The broken versions are made here, from the working one: one that never becomes healthy, and one that is healthy but runs no job.
# Takes about four minutes. Exit codes: 0 all passed; 1 a check failed; 2 wrong usage or a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh
. scripts/lib/stack.sh

version=''
read_arguments test_rollback.sh "$@"
own_stack "$version" ENABLE_DEBUG_JOBS=true RATE_LIMIT_PER_MINUTE=0 RATE_LIMIT_EXPENSIVE_PER_MINUTE=0 NGINX_REQUESTS_PER_SECOND=1000
tag=$(basename "$stack")
broken_image() { # broken_image NAME ARGUMENTS: the working image, started with settings that break it
  printf 'FROM %s\nENTRYPOINT ["dotnet", "/app/Modular.Host.dll"%s]\n' "$(image_of "$version")" "$2" | docker build --quiet --tag "$(image_of "$tag-$1")" - >/dev/null
}
remove_images() { docker rmi --force "$(image_of "$tag-never-healthy")" "$(image_of "$tag-no-work")" >/dev/null 2>&1 || true; }
trap 'code=$?; remove_images; remove_stack "$code"' EXIT
exits() { # exits CODE COMMAND...: with the last line of what it said
  local expected=$1 code=0
  shift
  "$@" >"$stack/said" 2>&1 || code=$?
  sed 's/^/      | /' "$stack/said" >&3
  tail -1 "$stack/said"
  is "$code" "$expected"
}
exec 3>&1
serves() { is "$(docker inspect --format '{{.Config.Image}}' "$(containers modular)")" "$(image_of "$1")" && is "$(status_of /health/ready)" 200; }

check "version 1 is deployed" exits 0 scripts/deploy.sh "$version"
((failed == 0)) || finish

objects=24 jobs=40
fill() {
  local i
  mkdir "$stack/files"
  for ((i = 1; i <= objects; i++)); do
    head -c "$((i * 4099))" /dev/urandom >"$stack/files/$i"
    [[ $(status_of "/objects/story/$i" -T "$stack/files/$i") == 201 ]] || return 1
  done
  for ((i = 1; i <= jobs; i++)); do
    call /jobs -H 'Content-Type: application/json' -d "{\"type\":\"object.checksum\",\"tags\":[\"story\"],\"payload\":{\"key\":\"story/$((i % objects + 1))\",\"algorithms\":[\"sha256\"]}}" >/dev/null || return 1
  done
  call /jobs -H 'Content-Type: application/json' -d '{"type":"debug.noop","payload":{},"tags":["story"],"delaySeconds":86400}' >/dev/null
  call /jobs -H 'Content-Type: application/json' -d '{"type":"debug.fail","tags":["story"],"payload":{"message":"as asked","attempts":1},"maxAttempts":1}' >/dev/null
  wait_for 60 settled
}
count() { call "/jobs?tag=story&state=$1&limit=1000" | grep -o '"seq":' | wc -l; }
settled() { is "$(count succeeded)" "$jobs" && is "$(count scheduled)" 1 && is "$(count failed)" 1; }
every_job() { call "/jobs?tag=story&limit=1000" | grep -oE '"(id|state)":"[^"]*"' | paste -d' ' - - | sort; }
every_object() {
  local i
  for ((i = 1; i <= objects; i++)); do call "/objects/story/$i" -o "$stack/back" && cmp "$stack/back" "$stack/files/$i" || return 1; done
  is "$(call '/objects?prefix=story/&limit=1000' | grep -o '"sha256":' | wc -l)" "$objects" && echo "$objects objects, byte for byte"
}
check "$jobs jobs ran, one is scheduled for tomorrow, one failed, $objects objects are stored" fill
every_job >"$stack/jobs.before"
check "it is backed up" exits 0 scripts/backup.sh --to "$stack/kept"
backup=$(tail -1 "$stack/said")

broken_image never-healthy ', "--PORT=9"'
check "a version that never becomes healthy is refused" exits 3 scripts/deploy.sh "$tag-never-healthy" --timeout 30
check "version 1 never stopped serving" serves "$version"
broken_image no-work ', "--WORKER_CONCURRENCY=0"'
# What a client sees in the meantime: one request every 100 ms.
(while [[ ! -e $stack/stop ]]; do curl -s -o /dev/null --max-time 5 -w '%{http_code}\n' "$(base_url)/api/v1/health/live" || echo broken; sleep 0.1; done >"$stack/seen") &
watcher=$!
check "a version that is healthy but does not work is rolled back by itself" exits 4 scripts/deploy.sh "$tag-no-work" --timeout 60
touch "$stack/stop"
wait "$watcher" || true
check "version 1 serves again" serves "$version"
unbroken() { is "$(grep -vcx 200 "$stack/seen" || true)" 0 && echo "$(wc -l <"$stack/seen") requests during both switches, all answered"; }
check "clients noticed nothing" unbroken
same_jobs() { every_job >"$stack/jobs.now"; diff "$stack/jobs.before" "$stack/jobs.now" && echo "$(wc -l <"$stack/jobs.now") jobs"; }
check "every job is as it was" same_jobs
check "every object is as it was" every_object

destroy() {
  compose down --volumes --timeout 10 >/dev/null 2>&1
  rm -f .releases
  ! docker volume ls --quiet --filter "label=com.docker.compose.project=$(setting COMPOSE_PROJECT_NAME '')" | grep .
}
check "everything is destroyed, volumes included" destroy
cp "$stack/kept/objects/store-id" "$stack/whole"
printf 'x' >>"$stack/kept/objects/store-id"
check "a damaged backup is refused" exits 1 scripts/restore.sh "$backup"
cp "$stack/whole" "$stack/kept/objects/store-id"
check "the backup is restored" exits 0 scripts/restore.sh "$backup"
check "every job is there again" same_jobs
check "every object is there again" every_object
check "a deployment with data is not overwritten" exits 1 scripts/restore.sh "$backup"
works() { is "$(call "/jobs/$(call /jobs -H 'Content-Type: application/json' -d '{"type":"debug.noop","payload":{}}' | field id)?wait=20" | field state)" succeeded; }
check "new jobs run" works
say "$SECONDS s"
finish
