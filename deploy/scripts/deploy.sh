#!/usr/bin/env bash
# Brings a version of Modular into service, and returns to the one before by itself when it does not work.
#
#   deploy/scripts/deploy.sh [VERSION] [--build [CONTEXT]] [--replicas N] [--timeout SECONDS]
#
#   VERSION           a tag of MODULAR_IMAGE (default: MODULAR_VERSION in .env)
#   --build [CONTEXT] build the image from the repository (default: the one this file is in) instead of pulling it
#   --replicas N      how many replicas serve afterwards (default: as many as now, or 1)
#   --timeout SECONDS how long a start may take until it counts as failed (default: 120)
#
# In this order, and each step only after the one before:
#   checks   the engine, .env, the secrets, the settings as the new version reads them, PostgreSQL's data against its image
#   migrate  the schema, by the new version, while the old one serves (changes are expand/contract: the old one lives with it)
#   gate     one container of the new version that gets no traffic and no jobs must become healthy
#   replace  new replicas beside the old ones; the old ones drain and stop when all new ones are healthy
#   verify   through nginx: ready, an object stored, a job run to its end; otherwise rollback.sh brings the old version back
#
# Exit codes: 0 the new version serves; 1 refused before anything changed for clients; 2 wrong usage or a missing prerequisite;
#             3 the new version never became healthy, the old one serves on; 4 it was in service, did not work, and was rolled back;
#             5 it does not work, and there is no version to go back to or the way back failed too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh

version='' build='' replicas='' timeout=120
while (($#)); do
  case $1 in
    --build) build=..; [[ ${2:-} == "" || ${2:-} == --* ]] || { build=$2; shift; } ;;
    --replicas) replicas=${2:?}; shift ;;
    --timeout) timeout=${2:?}; shift ;;
    -h | --help) usage "scripts/deploy.sh"; exit 0 ;;
    -*) die 2 "no such option: $1" ;;
    *) version=$1 ;;
  esac
  shift
done
preflight
started=$SECONDS
version=${version:-$(setting MODULAR_VERSION "")}
[[ $version =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || die 2 "say which version: deploy.sh 1.2.3"
mapfile -t running < <(MODULAR_VERSION=$version containers modular)
replicas=${replicas:-$((${#running[@]} > 0 ? ${#running[@]} : 1))}
number_or_die --replicas "$replicas"
number_or_die --timeout "$timeout"
before=$(current_version)
export MODULAR_VERSION=$version

if [[ -n $build ]]; then
  say "build: $(image_of "$version") from $build"
  scripts/build_image.sh "$version" "$build" || die 1 "the image was not built"
fi
have_image "$version" || die 1 "there is no image $(image_of "$version"), and it cannot be pulled"

say "checks: $(image_of "$version")"
compose config --quiet || die 2 "the compose file does not resolve"
compose run --rm --no-deps -T modular --check-config >/dev/null || die 1 "the new version refuses the settings (above)"
if has_service postgres; then
  # A data folder belongs to one major version: an image of another would not start on it.
  # shellcheck disable=SC2016  # for the shell in the container
  read -r image data < <(compose run --rm --no-deps -T --entrypoint sh postgres -c \
    'echo "$(postgres --version | sed "s/[^0-9]*\([0-9]*\).*/\1/") $(cat "$PGDATA/PG_VERSION" 2>/dev/null)"' 2>/dev/null) || true
  [[ -z ${data:-} || $data == "$image" ]] || die 1 "the volume holds PostgreSQL $data and the image is PostgreSQL $image: docs/operations.md, \"PostgreSQL's next major version\""
fi
parts=()
for part in postgres object-store; do if has_service "$part"; then parts+=("$part"); fi; done
if ((${#parts[@]})); then
  compose up --detach --wait --wait-timeout "$timeout" "${parts[@]}" >/dev/null 2>&1 || die 1 "${parts[*]} did not become healthy: docker compose logs ${parts[*]}"
fi

say "migrate: the schema to $version"
compose run --rm --no-deps -T migrate >.migrate.log 2>&1 || { tail -5 .migrate.log >&2; die 1 "the migration failed; each file is a transaction, so nothing is half done"; }

gate "$version" "$timeout" || die 3 "$version did not become healthy; ${before:-nothing} serves on"
replace "$version" "$replicas" "$timeout" || die 3 "the replicas of $version did not become healthy; ${before:-nothing} serves on"
if ! verify "$version" "$timeout"; then
  [[ -n $before && $before != "$version" ]] || die 5 "$version does not work, and there is no version before it"
  say "rollback: $before comes back"
  scripts/rollback.sh "$before" --replicas "$replicas" --timeout "$timeout" || die 5 "$version does not work, and $before did not come back: docs/TROUBLESHOOTING_PRODUCTION.md"
  die 4 "$version was in service, did not work, and $before serves again"
fi
record "$version"
say "done: $version serves on $(base_url) with $replicas replica(s), $((SECONDS - started)) s"
