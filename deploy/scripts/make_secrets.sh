#!/usr/bin/env bash
# Makes the secrets that docker-compose.prod.yml reads, each a file in deploy/secrets, from the kernel's random numbers.
#
#   deploy/scripts/make_secrets.sh
#
# Files that are there already stay as they are: running it again is safe. The folder is closed to other users; the files in it
# are readable, since containers read them under user ids of their own.
# Exit codes: 0 all secrets are there; 1 a file could not be written.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
[[ ${1:-} != -h && ${1:-} != --help ]] || { usage scripts/make_secrets.sh; exit 0; }

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
make() { # make NAME VALUE: writes the file unless it is there
  [[ -s secrets/$1 ]] && return
  printf '%s\n' "$2" >"secrets/$1"
  chmod 644 "secrets/$1"
  echo "secrets/$1: made"
}

mkdir -p secrets backups
chmod 700 secrets backups
make postgres_password "$(random 24)"
make database_url "postgres://modular:$(<secrets/postgres_password)@postgres:5432/modular"
make s3_access_key "modular-$(random 6)"
make s3_secret_key "$(random 24)"
make admin_api_key "$(random 32)"
