#!/bin/bash
# What the official image's entrypoint does for `postgres …`: drops root, and when PGDATA is empty makes the cluster, the
# database and what /docker-entrypoint-initdb.d says, on a server that only its own socket reaches.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
    install -d -o postgres -g postgres -m 0700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

export POSTGRES_USER=${POSTGRES_USER:-postgres}
export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?}"
    export PGPASSWORD=$POSTGRES_PASSWORD
    # Several words on purpose.
    # shellcheck disable=SC2086
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
    printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
    printf "\nlisten_addresses = '*'\n" >> "$PGDATA/postgresql.conf"
    pg_ctl --options="$(printf '%q ' "${@:2}") -c listen_addresses=''" --wait start
    if [ "$POSTGRES_DB" != postgres ]; then
        psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set db="$POSTGRES_DB" \
            <<< 'CREATE DATABASE :"db";'
    fi
    for script in /docker-entrypoint-initdb.d/*.sh; do
        [ -e "$script" ] || continue
        echo "running $script"
        # shellcheck disable=SC1090
        if [ -x "$script" ]; then "$script"; else . "$script"; fi
    done
    pg_ctl --mode=fast --wait stop
    unset PGPASSWORD
fi
exec "$@"
