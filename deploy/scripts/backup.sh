#!/usr/bin/env bash
# Backs up everything: the database first, the objects second, so that every object that the dump names is in the backup.
#
#   deploy/scripts/backup.sh [--to FOLDER] [--keep N]
#
#   --to FOLDER  where backups are kept (default: deploy/backups); copy it off the machine, this script does not
#   --keep N     remove all but the newest N backups, and the objects that none of them names (default: keep all)
#
# FOLDER/objects holds each blob once, whatever the number of backups: blobs never change, so only new ones are fetched.
# FOLDER/TIME-VERSION holds one backup: database.dump (pg_dump -Fc), objects.txt ("SHA256 SIZE KEY" of each blob),
# backup.txt (version, schema, counts) and SHA256SUMS of the three. The service keeps running. The last line is the backup's path.
#
# Exit codes: 0 complete; 1 it failed and no backup was left behind; 2 wrong usage or a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

to=backups keep=''
while (($#)); do
  case $1 in
    --to) to=${2:?}; shift ;;
    --keep) keep=${2:?}; shift ;;
    -h | --help) usage "scripts/backup.sh"; exit 0 ;;
    *) die 2 "no such option: $1" ;;
  esac
  shift
done
[[ -z $keep ]] || number_or_die --keep "$keep"
preflight
has_service postgres || die 2 "PostgreSQL is managed elsewhere: use its own backups, and copy the bucket after the database"
umask 077
mkdir -p "$to/objects"
to=$(cd "$to" && pwd)
started=$SECONDS
version=$(setting MODULAR_VERSION unknown)
target=$to/$(date -u +%Y%m%dT%H%M%SZ)-$version
part=$target.part
mkdir "$part"
trap 'rm -rf "$part" "$to/objects/.incoming"' EXIT
objects() { docker compose --progress quiet run --rm --no-deps -T --user "$(id -u):$(id -g)" --volume "$to/objects:/backup" objects "$@"; }

say "database"
pg pg_dump -Fc -Z 6 </dev/null >"$part/database.dump"
[[ -s $part/database.dump ]] || die 1 "pg_dump wrote nothing"

say "objects"
objects list </dev/null | sort -k2 >"$part/listing"
# What an earlier backup hashed is there already; a size that differs would be a torn file and is fetched again.
cat "$to"/*/objects.txt 2>/dev/null | sort -u -k3,3 >"$part/known" || true
(cd "$to/objects" && find . -type f -printf '%s %P\n' | sort -k2) >"$part/here"
comm -13 <(sort "$part/here") <(sort "$part/listing") | cut -d' ' -f2- >"$part/missing"
objects get <"$part/missing"
awk 'FILENAME == ARGV[1] { hash[$3] = $1; size[$3] = $2; next } ($2 in hash) && size[$2] == $1 { print hash[$2], $1, $2 }' "$part/known" "$part/listing" >"$part/objects.txt"
awk 'FILENAME == ARGV[1] { known[$3] = 1; next } !($2 in known) { print $2 }' "$part/objects.txt" "$part/listing" >"$part/unhashed"
while read -r key; do
  printf '%s %s %s\n' "$(sha256sum "$to/objects/$key" | cut -d' ' -f1)" "$(stat -c %s "$to/objects/$key")" "$key"
done <"$part/unhashed" >>"$part/objects.txt"
sort -k3 -o "$part/objects.txt" "$part/objects.txt"
# As long as it is now, and as long as the server said.
diff <(awk '{ print $2, $3 }' "$part/objects.txt") "$part/listing" >/dev/null || die 1 "the objects that arrived are not those that were listed"

say "check: each object of the dump is in the backup, byte for byte"
sql "SELECT data->>'sha256', data->>'size', 'blobs/' || replace(blob_id::text, '-', '') FROM storage.mt_doc_object" | tr '|' ' ' | sort -u >"$part/named"
if comm -23 "$part/named" <(sort "$part/objects.txt") | grep . >&2; then
  # Written or deleted after the listing; of those that the dump holds none can be missing, since blobs outlive their names by a day.
  say "note: the objects above were written while the backup ran; the next backup has them"
fi
{
  echo "version $version"
  echo "made $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  echo "postgres $(sql 'SHOW server_version')"
  echo "blobs $(wc -l <"$part/objects.txt")"
  echo "bytes $(awk '{ sum += $2 } END { printf "%d", sum }' "$part/objects.txt")"
} >"$part/backup.txt"
(cd "$part" && rm -f listing known here missing unhashed named && sha256sum database.dump objects.txt backup.txt >SHA256SUMS)
sync "$part"/* 2>/dev/null || true
mv "$part" "$target"

if [[ -n $keep ]]; then
  for old in $(find "$to" -mindepth 1 -maxdepth 1 -type d -name '*Z-*' | sort | head -n "-$keep"); do rm -rf "$old"; done
  (cd "$to/objects" && find . -type f -printf '%P\n' | sort) | comm -23 - <(cat "$to"/*/objects.txt | cut -d' ' -f3 | sort -u) | (cd "$to/objects" && xargs -r -d '\n' rm -f)
fi
say "done: $(awk '$1 == "blobs" { print $2 }' "$target/backup.txt") objects, $(du -sh "$target/database.dump" | cut -f1) of database, $((SECONDS - started)) s"
echo "$target"
