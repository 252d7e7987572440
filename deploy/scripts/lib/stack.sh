# A deployment of its own for tests: a copy of deploy/ with new secrets, other names, a free port, and nothing left behind.
# Sourced by the test scripts after common.sh and release.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034  # version is the caller's
read_arguments() { # read_arguments SCRIPT ARGUMENTS...: [VERSION] [--keep] into version and KEEP_STACK
  local script=$1
  shift
  version=$(setting MODULAR_VERSION "")
  while (($#)); do
    case $1 in
      --keep) export KEEP_STACK=1 ;;
      -h | --help) usage "scripts/$script"; exit 0 ;;
      -*) die 2 "no such option: $1" ;;
      *) version=$1 ;;
    esac
    shift
  done
  [[ -n $version ]] || die 2 "say which version: $script 1.2.3"
}
own_stack() { # own_stack VERSION [NAME=VALUE...]: makes it, moves into it, and removes it at the end
  local version=$1 source=$PWD line
  shift
  stack=$(mktemp -d "${TMPDIR:-/tmp}/modular-stack.XXXXXX")
  trap 'remove_stack' EXIT
  trap 'exit 130' INT TERM
  cp -r docker-compose.prod.yml docker-compose.tls.yml nginx monitoring scripts "$stack/"
  {
    printf 'MODULAR_IMAGE=%s\nMODULAR_VERSION=%s\nCOMPOSE_PROFILES=postgres,object-store\nCOMPOSE_FILE=docker-compose.prod.yml\n' "$(setting MODULAR_IMAGE modular)" "$version"
    printf 'COMPOSE_PROJECT_NAME=%s\nHTTP_BIND=127.0.0.1\nHTTP_PORT=%s\nFRONTEND_SUBNET=172.27.%s.0/24\n' "modular-test-$$" "$(free_port)" "$((RANDOM % 250))"
    for line in "$@"; do printf '%s\n' "$line"; done
  } >"$stack/.env"
  # Images that the caller's .env names are the ones to test with.
  grep -E '^[A-Z]+_IMAGE=' .env 2>/dev/null | grep -v '^MODULAR_IMAGE=' >>"$stack/.env" || true
  cd "$stack" || exit 2
  # The caller's environment must not lead into the real deployment.
  unset COMPOSE_PROJECT_NAME COMPOSE_FILE COMPOSE_PROFILES MODULAR_VERSION HTTP_PORT HTTP_BIND FRONTEND_SUBNET
  scripts/make_secrets.sh >/dev/null
  preflight
  say "a stack of its own: $(setting COMPOSE_PROJECT_NAME '') on port $(setting HTTP_PORT '') (from $(basename "$source"))"
}
remove_stack() {
  local code=${1:-$?}
  trap '' INT TERM
  if [[ -n ${stack:-} && -d $stack ]]; then
    if [[ -n ${KEEP_STACK:-} ]]; then
      echo "kept: $stack"
    else
      (cd "$stack" && COMPOSE_PROFILES=postgres,object-store,monitoring,tools docker compose down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1) || true
      rm -rf "$stack"
    fi
  fi
  exit "$code"
}
free_port() {
  local port
  for ((port = 20000 + RANDOM % 10000; ; port++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

is() { [[ $1 == "$2" ]] || { echo "got '$1', expected '$2'"; return 1; }; } # is GOT EXPECTED
passed=0 failed=0
check() { # check NAME COMMAND...: one line each; a failure is counted and told again at the end
  local name=$1 output code=0
  shift
  output=$("$@" 2>&1) || code=$?
  if ((code == 0)); then
    passed=$((passed + 1))
    printf 'ok    %s%s\n' "$name" "${output:+ ($(tail -1 <<<"$output" | cut -c1-120))}"
  else
    failed=$((failed + 1))
    failures+=("$name: $(tail -3 <<<"$output" | tr '\n' ' ' | cut -c1-400)")
    printf 'FAIL  %s\n%s\n' "$name" "$(tail -5 <<<"$output" | cut -c1-400)"
  fi
}
failures=()
finish() {
  local failure
  for failure in "${failures[@]}"; do printf 'failed: %s\n' "$failure"; done
  echo "$passed passed, $failed failed"
  exit $((failed > 0))
}
