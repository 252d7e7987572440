# How one version takes over from another; sourced by deploy.sh and rollback.sh after common.sh.
# shellcheck shell=bash
releases=.releases # "TIME VERSION": what has served, the latest last

image_of() { printf '%s:%s' "$(setting MODULAR_IMAGE modular)" "$1"; }
current_version() { if [[ -f $releases ]]; then tail -1 "$releases" | cut -d' ' -f2; fi; }
previous_version() { # what served last that is not the current one
  local current
  [[ -f $releases ]] || return 0
  current=$(current_version)
  awk -v current="$current" '$2 != current { version = $2 } END { print version }' "$releases"
}
record() {
  if grep -q '^MODULAR_VERSION=' .env; then sed -i "s|^MODULAR_VERSION=.*|MODULAR_VERSION=$1|" .env; else echo "MODULAR_VERSION=$1" >>.env; fi
  [[ $(current_version) == "$1" ]] || echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $1" >>"$releases"
}
have_image() {
  docker image inspect "$(image_of "$1")" >/dev/null 2>&1 || docker pull --quiet "$(image_of "$1")" >/dev/null
}
health_of() { docker inspect --format '{{if .State.Running}}{{.State.Health.Status}}{{else}}exited{{end}}' "$1" 2>/dev/null || echo gone; }
wait_healthy() { # wait_healthy SECONDS CONTAINER...
  local deadline=$((SECONDS + $1)) container state
  shift
  for container in "$@"; do
    while state=$(health_of "$container"); [[ $state != healthy ]]; do
      if [[ $state != starting ]] || ((SECONDS >= deadline)); then
        say "$(docker inspect --format '{{.Name}}' "$container" 2>/dev/null | tr -d /) is $state" >&2
        return 1
      fi
      sleep 0.5
    done
  done
}

# A container of the new version beside the old ones: no name on the network, so that no request reaches it, and no worker.
gate() { # gate VERSION SECONDS
  local candidate
  say "gate: a candidate of $1, without traffic and without work"
  candidate=$(MODULAR_VERSION=$1 compose run --detach --no-deps --env WORKER_CONCURRENCY=0 modular 2>/dev/null) || return 1
  candidate=$(tail -1 <<<"$candidate")
  if wait_healthy "$2" "$candidate"; then
    docker rm --force "$candidate" >/dev/null
    say "gate: healthy"
  else
    say "gate: its last words:" >&2
    docker logs --tail 5 "$candidate" >&2 || true
    docker rm --force "$candidate" >/dev/null
    return 1
  fi
}

# New replicas first, beside the old; the old ones drain when the new ones are healthy. After a failure the old ones still serve.
replace() { # replace VERSION REPLICAS SECONDS
  local old new fresh=()
  mapfile -t old < <(containers modular)
  # Not --no-deps: compose would count the same replicas as changed the next time. Its migrate container must be of this version.
  compose rm --force migrate >/dev/null 2>&1
  MODULAR_VERSION=$1 compose up --detach --no-recreate --scale "modular=$((${#old[@]} + $2))" modular >/dev/null 2>&1 || return 1
  mapfile -t new < <(containers modular)
  local container
  for container in "${new[@]}"; do [[ " ${old[*]} " == *" $container "* ]] || fresh+=("$container"); done
  say "replace: ${#fresh[@]} new replicas beside ${#old[@]} old"
  if ! wait_healthy "$3" "${fresh[@]}"; then
    docker rm --force "${fresh[@]}" >/dev/null
    return 1
  fi
  if ((${#old[@]})); then
    # nginx asks Docker's DNS again within 2 s: the old ones leave the network's names when they stop, after their own drain delay.
    docker stop --time 40 "${old[@]}" >/dev/null
    docker rm "${old[@]}" >/dev/null
    say "replace: the old replicas have drained"
  fi
  MODULAR_VERSION=$1 compose up --detach --scale "modular=$2" >/dev/null 2>&1 || return 1
}

# Through nginx, as a client: the version, a job that works on an object, and that it ended well.
verify() { # verify VERSION SECONDS
  local key=deploy-check/$RANDOM$RANDOM job state
  wait_for "$2" check_ready || { say "verify: nginx does not answer ready" >&2; return 1; }
  [[ $(status_of "/objects/$key" -X PUT --data-binary "deploy check") == 201 ]] || { say "verify: an object could not be stored" >&2; return 1; }
  job=$(call /jobs -H 'Content-Type: application/json' -d "{\"type\":\"object.checksum\",\"priority\":100,\"maxAttempts\":1,\"payload\":{\"key\":\"$key\",\"algorithms\":[\"sha256\"]}}" | field id) || true
  [[ -n $job ]] || { say "verify: a job was not accepted" >&2; return 1; }
  state=$(call "/jobs/$job?wait=30" | field state) || true
  status_of "/objects/$key" -X DELETE >/dev/null
  if [[ $state != succeeded ]]; then
    status_of "/jobs/$job/cancel" -X POST >/dev/null
    say "verify: a job was to succeed within 30 s and is '$state'" >&2
    return 1
  fi
  status_of "/jobs/$job" -X DELETE >/dev/null
  say "verify: ready, and a job ran to its end"
}
check_ready() { [[ $(status_of /health/ready) == 200 ]]; }
