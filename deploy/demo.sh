#!/usr/bin/env bash
# The demonstration: a server on a free port, the sample exchange, a book of five accounts, the reports; a live group that checks
# orders, books trades and is settled; the server killed and started again; then two accounts under a scenario method.
# Argument: the folder with the binaries.
set -euo pipefail

bin=$(cd "${1:?the folder with the binaries}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || { kill -TERM "$server" 2>/dev/null && wait "$server"; } || true
  rm -rf "$work"
}
trap finish EXIT

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
run() { say "$@"; "$bin/$1" "${@:2}"; }

cd "$work"
run plimsoll params sample --output harbour.spn

# Starts a server on the data directory and waits until it serves.
serve() {
  say plimsoll-server --listen 127.0.0.1:0 --data-directory data
  "$bin/plimsoll-server" --listen 127.0.0.1:0 --data-directory data 2>server.log &
  server=$!
  url=
  for _ in $(seq 100); do
    url=$(grep -oE 'address=[^ ]*[0-9]' server.log | head -1 | sed 's|.*address=|http://|') || true
    [ -n "$url" ] && break
    kill -0 "$server" || { cat server.log; exit 1; }
    sleep 0.1
  done
  [ -n "$url" ] || { echo "the server did not start:"; cat server.log; exit 1; }
  echo "serving at $url"
}
serve

run plimsoll params load harbour.spn --activate --server "$url"
run plimsoll calc --portfolios "$here/demo-book.jsonl" --house HARBOR --server "$url" --format table
say "plimsoll calc --portfolios demo-book.jsonl --house HARBOR --server $url | head -c 400"
"$bin/plimsoll" calc --portfolios "$here/demo-book.jsonl" --house HARBOR --server "$url" >served.jsonl
head -c 400 served.jsonl; echo ...

say "plimsoll calc --params harbour.spn --portfolios demo-book.jsonl   # without a server: the same bytes"
"$bin/plimsoll" calc --params harbour.spn --portfolios "$here/demo-book.jsonl" >offline.jsonl
cmp served.jsonl offline.jsonl && echo "the same"

run plimsoll book open --house HARBOR --group ACME --member ACME --origin client --currency USD --server "$url"
# Two lines are refused or raise an item on purpose.
say plimsoll book submit demo-commands.jsonl --run-name first --house HARBOR --group ACME --server "$url"
"$bin/plimsoll" book submit "$here/demo-commands.jsonl" --run-name first --house HARBOR --group ACME --server "$url" || [ $? = 1 ]
run plimsoll book exceptions --house HARBOR --group ACME --server "$url"
run plimsoll book settle "$here/demo-run.json" --house HARBOR --server "$url"
run plimsoll book positions --house HARBOR --group ACME --server "$url"
say plimsoll book margin --house HARBOR --group ACME --server "$url" "| head -c 600"
"$bin/plimsoll" book margin --house HARBOR --group ACME --server "$url" >margin.json
head -c 600 margin.json; echo ...

say "kill -KILL $server                                  # as if the power had gone"
kill -KILL "$server" && { wait "$server" 2>/dev/null || true; }
run plimsoll journal verify data
serve
say plimsoll book margin --house HARBOR --group ACME --server "$url" "# everything that was said is there"
"$bin/plimsoll" book margin --house HARBOR --group ACME --server "$url" >again.json
strip() { sed 's/"\(durable_\)\?log_sequence":[0-9]*,\?//g; s/,}/}/g' "$1"; }
cmp <(strip margin.json) <(strip again.json) && echo "the same"

say "plimsoll calc --method preset:derive-pm2 --market demo-market.json --portfolios demo-accounts.jsonl | cut -c 1-480"
"$bin/plimsoll" calc --method preset:derive-pm2 --market "$here/demo-market.json" \
  --portfolios "$here/demo-accounts.jsonl" >methods.jsonl
cut -c 1-480 methods.jsonl
