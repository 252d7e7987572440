# The private PostgreSQL of scripts/run, which sources this file and gives data, say, die, free_port, alive and command_of.
# start_postgres sets DATABASE_URL; stop_postgres needs nothing. Data, port and password stay for the next run.

server_user=() cluster= binaries=

as_server() { ${server_user[@]+"${server_user[@]}"} "$@"; }   # bash 3 takes an empty array for an unset one

# Prints the folder that holds initdb, postgres and pg_ctl; with an argument, of that major version only.
find_postgres() {
  local program folder
  while read -r program; do
    folder=${program%/initdb}
    [[ -x $folder/postgres && -x $folder/pg_ctl ]] || continue
    [[ -z ${1:-} || "$("$folder/postgres" --version)" == *" $1".* ]] || continue
    echo "$folder"
    return
  done < <(
    command -v initdb || true
    ls -d /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb \
      /usr/local/opt/postgresql*/bin/initdb 2>/dev/null | sort -rV 2>/dev/null || true
  )
}

install_postgres() {
  if ((EUID == 0)) && command -v apt-get >/dev/null; then
    say "Installing PostgreSQL ..."
    # RUNLEVEL 1 keeps the package from starting a server of its own.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends postgresql; } >"$data/install.log" 2>&1; then
      tail -n 5 "$data/install.log" >&2
      die "PostgreSQL could not be installed (log: .data/install.log)."
    fi
  else
    die "Modular needs PostgreSQL's programs on this machine (15 or newer). Install them and run this again:" \
      "  Debian, Ubuntu   sudo apt-get install postgresql" \
      "  Fedora           sudo dnf install postgresql-server" \
      "  macOS            brew install postgresql@17" \
      "or set DATABASE_URL=postgres://user:password@host:port/database to use a server that you have."
  fi
}

# PostgreSQL refuses to run as root: then it runs as another user, in a folder that this user can reach.
choose_home() {
  local user home=$data
  cluster=$home/postgres
  ((EUID == 0)) || return 0
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  server_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups --)
  if ! as_server test -x "$data"; then
    home=/var/lib/modular-$(printf %s "$data" | cksum | cut -d ' ' -f 1)
    [[ -d $home ]] || say "The database is kept in $home: the user $user cannot reach $data."
    mkdir -p "$home"
    cluster=$home/postgres
  fi
  # Files that exist belong to who made them: their owner runs the server.
  if [[ -f $cluster/PG_VERSION && $(stat -c %u "$cluster") != 0 ]]; then
    user=$(stat -c %U "$cluster")
    server_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups --)
  fi
  mkdir -p "$cluster"
  chown "$user" "$cluster"
  server_user=(env -C "$cluster" "${server_user[@]}")
}

create_cluster() {
  local password=$cluster.password
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$password")
  ((EUID != 0)) || chown --reference="$cluster" "$password"
  if ! as_server "$binaries/initdb" -D "$cluster" -U modular --pwfile="$password" --auth=scram-sha-256 --encoding=UTF8 --locale=C \
    >"$data/initdb.log" 2>&1 ||
    ! as_server "$binaries/postgres" --single -D "$cluster" postgres <<<"CREATE DATABASE modular" >>"$data/initdb.log" 2>&1; then
    cat "$data/initdb.log" >&2
    as_server find "$cluster" -mindepth 1 -delete
    die "PostgreSQL could not make its files in $cluster."
  fi
}

# After a crash of the machine the pid in postmaster.pid may belong to another program by now; PostgreSQL would refuse to start.
remove_stale_pid() {
  local pid=
  [[ -f $cluster/postmaster.pid ]] && read -r pid <"$cluster/postmaster.pid"
  if [[ -n $pid && ! $(command_of "$pid") =~ postgres|postmaster ]]; then rm -f "$cluster/postmaster.pid"; fi
}

start_postgres() {
  [[ -n $(find_postgres) ]] || install_postgres
  choose_home
  local version= port
  [[ -f $cluster/PG_VERSION ]] && version=$(<"$cluster/PG_VERSION")
  binaries=$(find_postgres "$version")
  [[ -n $binaries ]] || die "$cluster was made by PostgreSQL $version, which is not installed any more: install it, or remove that folder with its data."
  say "Starting PostgreSQL ..."
  [[ -n $version ]] || create_cluster
  # What a killed run left running is stopped first, so that every start is the same.
  as_server "$binaries/pg_ctl" -D "$cluster" -m fast -w stop >/dev/null 2>&1 || true
  remove_stale_pid
  port=5433
  [[ -f $cluster.port ]] && port=$(<"$cluster.port")
  port=$(free_port "$port")
  # The children of a killed server need a moment to notice before another may start: hence the tries.
  local try
  for try in 1 2 3 4 5; do
    if as_server "$binaries/pg_ctl" -D "$cluster" -l "$cluster/server.log" -w -t 30 \
      -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" start >/dev/null 2>&1; then
      postgres_runs=true
      echo "$port" >"$cluster.port"
      DATABASE_URL=postgres://modular:$(<"$cluster.password")@127.0.0.1:$port/modular
      return
    fi
    sleep 1
  done
  tail -n 10 "$cluster/server.log" >&2
  die "PostgreSQL did not start (log: $cluster/server.log)."
}

stop_postgres() {
  as_server "$binaries/pg_ctl" -D "$cluster" -m fast -w -t 30 stop >/dev/null 2>&1 || say "PostgreSQL did not stop in time (log: $cluster/server.log)."
}
