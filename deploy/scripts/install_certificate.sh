#!/usr/bin/env bash
# certbot's deploy hook: puts a new certificate where nginx reads it, and has nginx take it up without losing a connection.
#
#   deploy/scripts/install_certificate.sh [FOLDER]
#
#   FOLDER  holds fullchain.pem and privkey.pem (default: RENEWED_LINEAGE, which certbot sets)
#
# Exit codes: 0 in use; 1 the certificate does not fit its key, or nginx refuses it; 2 wrong usage.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
[[ ${1:-} != -h && ${1:-} != --help ]] || { usage scripts/install_certificate.sh; exit 0; }
folder=${1:-${RENEWED_LINEAGE:-}}
[[ -s $folder/fullchain.pem && -s $folder/privkey.pem ]] || die 2 "say which folder has fullchain.pem and privkey.pem"
[[ $(openssl x509 -in "$folder/fullchain.pem" -noout -pubkey) == "$(openssl pkey -in "$folder/privkey.pem" -pubout)" ]] || die 1 "the certificate does not belong to the key"
# Into the same files: the container has them mounted one by one.
cat "$folder/fullchain.pem" >secrets/tls_certificate
cat "$folder/privkey.pem" >secrets/tls_key
chmod 644 secrets/tls_certificate secrets/tls_key
if [[ -n $(containers nginx) ]]; then
  compose exec -T nginx nginx -t >/dev/null 2>&1 || die 1 "nginx refuses it: docker compose exec nginx nginx -t"
  compose exec -T nginx nginx -s reload >/dev/null 2>&1
fi
say "done: valid until $(openssl x509 -in secrets/tls_certificate -noout -enddate | cut -d= -f2)"
