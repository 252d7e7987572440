#!/usr/bin/env bash
# Copies objects between the bucket and the folder /backup; runs in the container `objects` of docker-compose.prod.yml.
#
#   objects.sh list                 "SIZE KEY" of every object in the bucket
#   objects.sh get <KEYS            fetches the keys on standard input to /backup/KEY
#   objects.sh put <KEYS            stores /backup/KEY under each key on standard input; makes the bucket when missing
#
# Exit codes: 0 done; 1 the S3 server refused or an object arrived incomplete.
set -euo pipefail
bucket=$S3_ENDPOINT/$S3_BUCKET
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
# curl 7.88 (Debian 12) signs another payload hash than it sends, unless the header says which.
printf 'aws-sigv4 = "aws:amz:%s:s3"\nuser = "%s:%s"\nsilent\nshow-error\nfail\nconnect-timeout = 10\nheader = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\n' \
  "$S3_REGION" "$(</run/secrets/s3_access_key)" "$(</run/secrets/s3_secret_key)" >"$work/curlrc"
s3() { curl -K "$work/curlrc" "$@"; }

list() {
  local token=""
  while :; do
    s3 "$bucket?${token:+continuation-token=$token&}list-type=2&max-keys=1000" >"$work/page"
    awk -v RS='<' -F'>' '$1 == "Key" { key = $2 } $1 == "Size" { print $2, key }' "$work/page"
    token=$(awk -v RS='<' -F'>' '$1 == "NextContinuationToken" { print $2 }' "$work/page" | sed 's/%/%25/g; s/+/%2B/g; s,/,%2F,g; s/=/%3D/g; s/&amp;/%26/g')
    [[ -n $token ]] || break
  done
}

get() {
  # Never half a file under its final name.
  local key
  while read -r key; do printf 'url = "%s/%s"\noutput = "/backup/.incoming/%s"\n' "$bucket" "$key" "$key"; done >"$work/todo"
  [[ -s $work/todo ]] || return 0
  rm -rf /backup/.incoming
  s3 --no-progress-meter --parallel --parallel-max 8 --create-dirs -K "$work/todo"
  cp -al /backup/.incoming/. /backup/ 2>/dev/null || cp -a /backup/.incoming/. /backup/
  rm -rf /backup/.incoming
}

put() {
  s3 -o /dev/null -X PUT "$bucket" 2>/dev/null || s3 -o /dev/null -I "$bucket"
  local key
  while read -r key; do printf 'upload-file = "/backup/%s"\nurl = "%s/%s"\noutput = "/dev/null"\n' "$key" "$bucket" "$key"; done >"$work/todo"
  [[ -s $work/todo ]] || return 0
  s3 --no-progress-meter --parallel --parallel-max 8 -K "$work/todo"
}

case ${1:-} in
  list) list ;;
  get) get ;;
  put) put ;;
  *) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac
