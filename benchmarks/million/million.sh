#!/usr/bin/env bash
# A million entries (200,000 products on 5 locations): imported, listed, restarted.
# Says: import rate, memory of the engine an entry (after the import and after a restart), recovery.
#
#   benchmarks/million/million.sh [--products 200000]
set -euo pipefail
cd "$(dirname "$0")/../.."
products=200000
[ "${1:-}" = --products ] && products=$2
entries=$((products * 5))

make -s build >/dev/null
stock=.build/release/stock
results=benchmarks/results/million-$(date -u +%Y%m%dT%H%M%SZ)
folder=$(mktemp -d)
mkdir -p "$results"
engine=
stop() {
  if [ -n "$engine" ]; then kill "$engine" 2>/dev/null || true; wait "$engine" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap stop EXIT

export STOCK_KEY=sk_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
start() {
  : >"$folder/serve.out"
  STOCK_ADMIN_KEY=$STOCK_KEY "$stock" serve --port 0 --data "$folder/data" --log-level info \
    >"$folder/serve.out" 2>"$folder/serve.err" & engine=$!
  for _ in $(seq 1200); do
    url=$(sed -n 's/^listening on //p' "$folder/serve.out"); [ -n "$url" ] && return; sleep 0.05
  done
  echo "million.sh: the engine does not start" >&2; cat "$folder/serve.err" >&2; exit 1
}
rss() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"; }
now() { date +%s%N; }

awk -v n="$products" 'BEGIN {
  print "sku,title,location,quantity,product_id"
  split("WAREHOUSE_MAIN WAREHOUSE_WEST WAREHOUSE_EAST STORE_FRONT STORE_BACK", locations, " ")
  for (p = 1; p <= n; p++) for (l = 1; l <= 5; l++)
    printf "SKU-%06d,Product number %d with a title,%s,%d,%d\n", p, p, locations[l], p % 1000, p
}' >"$folder/stock.csv"

start
empty=$(rss "$engine")
"$stock" import "$folder/stock.csv" --url "$url" 2>&1 | tee "$results/import.txt" | tail -6
full=$(rss "$engine")
began=$(now)
curl -sS -f -H "Authorization: Bearer $STOCK_KEY" "$url/api/v1/store/inventory?limit=500&sort=-quantity" >"$folder/list.json"
listed=$(($(now) - began))
grep -o '"total":[0-9]*' "$folder/list.json"

# Only the engine: its redis-server stays, as after a crash.
redis=$(cat "$folder/data/redis.pid")
kill -9 "$engine"; wait "$engine" 2>/dev/null || true
began=$(now)
start
recovered=$(($(now) - began))
again=$(rss "$engine")
"$stock" verify --url "$url" | tee "$results/verify.txt" | tail -3
{
  echo "| a million entries | |"
  echo "|---|---|"
  awk -v e="$entries" -v a="$empty" -v f="$full" -v r="$again" -v t="$recovered" -v l="$listed" \
    -v redis="$(rss "$redis")" 'BEGIN {
    printf "| entries | %d |\n", e
    printf "| engine memory an entry, after a restart | %.0f bytes |\n", (r - a) / e
    printf "| engine memory an entry, right after the import | %.0f bytes |\n", (f - a) / e
    printf "| redis-server memory an entry | %.0f bytes |\n", redis / e
    printf "| start after a crash, all of it | %.2f s |\n", t / 1e9
    printf "| recovery | %.0f entries/s |\n", e / (t / 1e9)
    printf "| list of 500 by quantity, over all of them | %.0f ms |\n", l / 1e6
  }'
} | tee "$results/table.md"
