#!/usr/bin/env bash
# Where the time of a reserve goes: the engine as it is delivered (keys, ledger, AOF everysec) under
# wrk, sampled with perf, engine and redis-server together.
#
#   benchmarks/profile/profile.sh [--seconds 12] [--connections 128] [--out docs/profile]
#
# Twice: `hot` (one product) and `spread` (2,000). For each it writes reserve-NAME.svg, a flame graph,
# and reserve-NAME.md, tables of microseconds; the first of them goes into
# docs/where-the-time-goes.md too, if --out is not given. What the CPU time of a reserve is, is
# measured in a run of its own, without the profiler; the samples share it out.
#
# perf samples by the CPU's clock, so it works in virtual machines too, without hardware counters. It
# needs to be allowed to: root, or kernel.perf_event_paranoid <= 1.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=12 connections=128 out=docs/profile
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=$2 ;;
    --connections) connections=$2 ;;
    --out) out=$2 ;;
    *) echo "profile.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done

missing=()
command -v wrk >/dev/null || missing+=(wrk)
command -v curl >/dev/null || missing+=(curl)
command -v perf >/dev/null || missing+=(linux-perf)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
make -s build >/dev/null
stock=.build/release/stock

folder=$(mktemp -d)
mkdir -p "$out"
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT

STOCK_KEY=sk_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
export STOCK_KEY
STOCK_ADMIN_KEY=$STOCK_KEY "$stock" serve --port 0 --data "$folder/data" --log-level warning \
  >"$folder/serve.out" &
engine=$!
pids+=("$engine")
url=
for _ in $(seq 200); do
  url=$(sed -n 's/^listening on //p' "$folder/serve.out")
  [ -n "$url" ] && break
  sleep 0.05
done
[ -n "$url" ] || { echo "profile.sh: the engine does not start" >&2; exit 1; }
redis=$(cat "$folder/data/redis.pid")

curl -sS -f -o /dev/null -X PUT "$url/api/v1/admin/stores/1" -d '{"name":"Profile"}' \
  -H "Authorization: Bearer $STOCK_KEY" -H 'Content-Type: application/json'
{
  echo 'sku,title,location,quantity,product_id'
  seq 2000 | sed 's/.*/P&,Product &,MAIN,1000000000,&/'
} >"$folder/stock.csv"
"$stock" import "$folder/stock.csv" --url "$url" >/dev/null 2>&1

# CPU ticks that engine and Redis have used.
ticks() { awk '{ sum += $14 + $15 } END { print sum }' "/proc/$engine/stat" "/proc/$redis/stat"; }

# products seconds -> wrk's RESULT line: requests, microseconds, errors
load() {
  PRODUCTS=$1 wrk -t1 -c"$connections" -d"${2}s" -s benchmarks/profile/reserve.lua \
    "$url/api/v1/store/inventory/reserve" | sed -n 's/^RESULT //p'
}

profile() {
  local name=$1 products=$2 what before after requests duration errors microseconds rate wrk
  what="$products products"
  [ "$products" -gt 1 ] || what="one product"
  load "$products" 2 >/dev/null
  before=$(ticks)
  read -r requests duration errors <<<"$(load "$products" "$seconds")"
  after=$(ticks)
  [ "$errors" = 0 ] || { echo "profile.sh: $errors errors" >&2; exit 1; }
  microseconds=$(awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v n="$requests" \
    'BEGIN { printf "%.2f", t / hz / n * 1e6 }')
  rate=$((requests * 1000000 / duration))

  load "$products" $((seconds + 2)) >/dev/null &
  wrk=$!
  sleep 1
  # Frame pointers: Swift code has them, and so have NIO and the kernel.
  perf record -q -e cpu-clock -F 1999 -g -p "$engine,$redis" -o "$folder/perf.data" -- \
    sleep "$seconds" >/dev/null 2>&1
  wait "$wrk"
  perf script -i "$folder/perf.data" 2>/dev/null |
    python3 benchmarks/profile/fold.py >"$folder/$name.folded"

  python3 benchmarks/profile/flame.py "$folder/$name.folded" \
    "A durable reserve of $what: $microseconds µs of CPU in engine and Redis" \
    >"$out/reserve-$name.svg"
  {
    echo "$connections connections, $what: $rate reserves/s, $microseconds µs of CPU each in engine and redis-server together ($(awk '{ n += $NF } END { print n }' "$folder/$name.folded") samples)."
    echo
    python3 benchmarks/profile/kinds.py "$folder/$name.folded" "$microseconds" --functions 20
  } >"$out/reserve-$name.md"
  if [ "$out" = docs/profile ]; then
    sed '/^| function/,$d' "$out/reserve-$name.md" |
      python3 benchmarks/profile/insert.py docs/where-the-time-goes.md "$name"
  fi
  # The stacks themselves, where somebody wants them.
  [ -z "${STACKS:-}" ] || cp "$folder/$name.folded" "$STACKS/"
  sed -n 1,3p "$out/reserve-$name.md"
}

profile hot 1
profile spread 2000
"$stock" verify --url "$url" >/dev/null
echo "flame graphs and tables: $out"
