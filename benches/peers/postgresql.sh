#!/usr/bin/env bash
# Transactions a second of PostgreSQL with so many clients, each inserting a row of so many bytes durably. As root it runs as `postgres`.
set -euo pipefail
clients=$1 bytes=$2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -x "$bin/pgbench" ]
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/plimsoll-pg-XXXX")
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
[ "$(id -u)" != 0 ] || chown postgres "$folder"
trap 'as "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
as "$bin/initdb" -D "$folder/data" -A trust >/dev/null
as "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
  -o "-c listen_addresses='' -c unix_socket_directories=$folder -c max_connections=200" start >/dev/null
as "$bin/psql" -q -h "$folder" -d postgres -c 'CREATE TABLE rows (number bigserial PRIMARY KEY, content bytea)'
echo "INSERT INTO rows (content) VALUES (decode(repeat('07', $bytes), 'hex'));" > insert.sql
as "$bin/pgbench" -h "$folder" -d postgres -n -f "$folder/insert.sql" -c "$clients" -j 2 -T 5 2>/dev/null \
  | sed -n 's/^tps = \([0-9.]*\).*/\1/p' | tail -1
