#!/usr/bin/env bash
# Brings an earlier version back: the same gate, replacement and verification as deploy.sh, without a migration.
#
#   deploy/scripts/rollback.sh [VERSION] [--replicas N] [--timeout SECONDS]
#
#   VERSION           the version to go back to (default: the one that served before the current)
#   --replicas N      how many replicas serve afterwards (default: as many as now, or 1)
#   --timeout SECONDS how long a start may take until it counts as failed (default: 120)
#
# The schema stays as it is: earlier versions run on a newer one, except past a contracting migration, which they refuse at the
# gate (exit code 3; then restore.sh with the backup from before is the way back). Jobs and objects are untouched.
#
# Exit codes: 0 the earlier version serves; 1 there is no earlier version or no image of it; 2 wrong usage or a missing prerequisite;
#             3 it did not become healthy, and what served before serves on; 4 it serves, but does not work.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh

version='' replicas='' timeout=120
while (($#)); do
  case $1 in
    --replicas) replicas=${2:?}; shift ;;
    --timeout) timeout=${2:?}; shift ;;
    -h | --help) usage "scripts/rollback.sh"; exit 0 ;;
    -*) die 2 "no such option: $1" ;;
    *) version=$1 ;;
  esac
  shift
done
preflight
version=${version:-$(previous_version)}
[[ -n $version ]] || die 1 "no earlier version is known (deploy/.releases): name one"
export MODULAR_VERSION=$version
mapfile -t running < <(containers modular)
replicas=${replicas:-$((${#running[@]} > 0 ? ${#running[@]} : 1))}
number_or_die --replicas "$replicas"
number_or_die --timeout "$timeout"
have_image "$version" || die 1 "there is no image $(image_of "$version"), and it cannot be pulled"

say "rollback: $version"
gate "$version" "$timeout" || die 3 "$version did not become healthy; nothing was changed"
replace "$version" "$replicas" "$timeout" || die 3 "the replicas of $version did not become healthy; nothing was changed"
verify "$version" "$timeout" || die 4 "$version serves, but does not work"
record "$version"
say "done: $version serves"
