#!/usr/bin/env bash
# Restores a backup of backup.sh into a fresh deployment, brings its version into service, and proves that all of it is there.
#
#   deploy/scripts/restore.sh BACKUP [--replace] [--version VERSION] [--no-start]
#
#   BACKUP             the folder of one backup (FOLDER/TIME-VERSION; its blobs are in FOLDER/objects)
#   --replace          the deployment has data, and all of it goes (without this, such a deployment is refused)
#   --version VERSION  start this version instead of the one that made the backup (newer: its migrations run)
#   --no-start         leave Modular stopped
#
# Every file of the backup is checked before anything is changed. Objects come first, then the database in one transaction, so that
# nothing ever names an object that is not there. Afterwards each object is read back from the bucket and its SHA-256 compared
# with the one that the database holds.
#
# Exit codes: 0 restored and proven; 1 the backup is damaged, or the deployment has data; 2 wrong usage or a missing prerequisite;
#             3 the restore failed; 4 something is missing afterwards; otherwise the exit code of deploy.sh.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. scripts/lib/release.sh

backup='' replace='' version='' start=1
while (($#)); do
  case $1 in
    --replace) replace=1 ;;
    --version) version=${2:?}; shift ;;
    --no-start) start='' ;;
    -h | --help) usage "scripts/restore.sh"; exit 0 ;;
    -*) die 2 "no such option: $1" ;;
    *) backup=$1 ;;
  esac
  shift
done
[[ -n $backup && -d $backup ]] || die 2 "say which backup: restore.sh FOLDER/TIME-VERSION"
backup=$(cd "$backup" && pwd)
pool=$(cd "$backup/.." && pwd)/objects
preflight
has_service postgres || die 2 "PostgreSQL is managed elsewhere: restore it there with pg_restore"
started=$SECONDS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
objects() { docker compose --progress quiet run --rm --no-deps -T --user "$(id -u):$(id -g)" --volume "$1:/backup" objects "$2"; }

say "check: every file of $(basename "$backup")"
(cd "$backup" && sha256sum --check --quiet SHA256SUMS) || die 1 "the backup is damaged"
awk '{ print $1 "  " $3 }' "$backup/objects.txt" >"$work/sums"
[[ ! -s $work/sums ]] || (cd "$pool" && sha256sum --check --quiet "$work/sums") || die 1 "blobs of the backup are damaged or missing"
version=${version:-$(awk '$1 == "version" { print $2 }' "$backup/backup.txt")}
have_image "$version" || die 2 "there is no image $(image_of "$version"), and it cannot be pulled: --version names another"
export MODULAR_VERSION=$version

parts=(postgres)
if has_service object-store; then parts+=(object-store); fi
compose up --detach --wait --wait-timeout 120 "${parts[@]}" >/dev/null 2>&1 || die 3 "${parts[*]} did not become healthy"
filled=$(sql "SELECT count(*) FROM information_schema.schemata WHERE schema_name IN ('jobs', 'storage', 'health', 'ops')")
if ((filled > 0)) || [[ -n $(containers modular) ]]; then
  [[ -n $replace ]] || die 1 "this deployment has data or runs: --replace throws that away"
  compose rm --stop --force nginx modular migrate >/dev/null 2>&1
  pg dropdb --maintenance-db postgres --force modular </dev/null
  pg createdb --maintenance-db postgres modular </dev/null
fi

say "objects: $(wc -l <"$backup/objects.txt")"
cut -d' ' -f3 "$backup/objects.txt" | objects "$pool" put || die 3 "the objects could not be stored"
say "database"
pg pg_restore --dbname modular --single-transaction --exit-on-error --no-owner --no-privileges <"$backup/database.dump" || die 3 "the database could not be restored; nothing of it was kept"

say "verify: every object, read back"
mkdir "$work/back"
objects "$work/back" list </dev/null | sort -k2 >"$work/listing"
comm -23 <(cut -d' ' -f2,3 "$backup/objects.txt" | sort) <(sort "$work/listing") | grep . && die 4 "the objects above are not in the bucket"
sql "SELECT 'blobs/' || replace(blob_id::text, '-', ''), data->>'sha256' FROM storage.mt_doc_object" | tr '|' ' ' | sort -u >"$work/named"
cut -d' ' -f1 "$work/named" | sort -u | objects "$work/back" get || die 4 "not every object that the database names could be read"
awk '{ print $2 "  " $1 }' "$work/named" >"$work/sums"
[[ ! -s $work/sums ]] || (cd "$work/back" && sha256sum --check --quiet "$work/sums") || die 4 "the objects above have other bytes than the database says"
say "verify: $(wc -l <"$work/named") objects have the hash that the database holds; $(sql 'SELECT count(*) FROM jobs.mt_doc_submission') jobs"

[[ -z $start ]] || scripts/deploy.sh "$version" || exit $?
say "done: restored in $((SECONDS - started)) s"
