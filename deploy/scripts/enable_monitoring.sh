#!/usr/bin/env bash
# Starts Prometheus beside a running deployment, with a key that may read metrics and nothing else.
#
#   deploy/scripts/enable_monitoring.sh
#
# Makes the key (secrets/metrics_api_key) unless it is there, adds monitoring to COMPOSE_PROFILES in .env, starts Prometheus, and waits
# until it has scraped a replica. Prometheus is not published: docs/operations.md says how to look at it.
# Exit codes: 0 it scrapes; 1 it does not; 2 a missing prerequisite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
[[ ${1:-} != -h && ${1:-} != --help ]] || { usage scripts/enable_monitoring.sh; exit 0; }
preflight
if [[ ! -s secrets/metrics_api_key ]]; then
  call /api-keys -X POST -H 'Content-Type: application/json' -d '{"name":"prometheus","scopes":["metrics"]}' | field key >secrets/metrics_api_key
  [[ -s secrets/metrics_api_key ]] || { rm -f secrets/metrics_api_key; die 1 "no key could be made: is Modular ready?"; }
  chmod 644 secrets/metrics_api_key
fi
if [[ ,$COMPOSE_PROFILES, != *,monitoring,* ]]; then
  COMPOSE_PROFILES=$COMPOSE_PROFILES,monitoring
  if grep -q '^COMPOSE_PROFILES=' .env; then sed -i "s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$COMPOSE_PROFILES|" .env; else echo "COMPOSE_PROFILES=$COMPOSE_PROFILES" >>.env; fi
fi
# Only Prometheus: the replicas stay as they are.
compose up --detach --no-deps --wait --wait-timeout 120 prometheus >/dev/null 2>&1 || die 1 "Prometheus did not become healthy: docker compose logs prometheus"
scraped() { compose exec -T prometheus promtool query instant http://127.0.0.1:9090 'up{job="modular"} == 1' | grep '=> 1' >/dev/null; }
wait_for 60 scraped || die 1 "Prometheus reaches no replica: docker compose logs prometheus"
say "done: Prometheus scrapes $(compose exec -T prometheus promtool query instant http://127.0.0.1:9090 'count(up{job="modular"} == 1)' | sed 's/.*=> \([0-9]*\).*/\1/') replica(s)"
