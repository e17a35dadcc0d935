#!/usr/bin/env bash
# The floor that the architecture must reach: durable reserves, keys checked, beside nginx answering
# a constant, with wrk (one thread, 128 connections) on the same machine, in turns: one hot product,
# 2,000 products, and the hot one with an idempotency key that no other request has.
#
#   benchmarks/floor/floor.sh [--rounds 5] [--seconds 10] [--connections 128] [--loops N]
#
# Raw output, one file a run, and a table go to benchmarks/results/floor-<time>/.
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=5 seconds=10 connections=128 loops=()
while [ $# -gt 0 ]; do
  case "$1" in
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    --connections) connections=$2 ;;
    --loops) loops=(--loops "$2") ;;
    *) echo "floor.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done

for tool in wrk nginx redis-server curl; do
  command -v "$tool" >/dev/null || missing="${missing:-} ${tool/nginx/nginx-light}"
done
if [ -n "${missing:-}" ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
fi
make -s build >/dev/null
stock=.build/release/stock

results=benchmarks/results/floor-$(date -u +%Y%m%dT%H%M%SZ)
folder=$(mktemp -d)
mkdir -p "$results"
nginx_port=18180
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT

sed -e "s#PORT#$nginx_port#" -e "s#FOLDER#$folder#g" benchmarks/floor/nginx.conf >"$folder/nginx.conf"
nginx -c "$folder/nginx.conf" & nginx=$!
pids+=("$nginx")

export STOCK_KEY=sk_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
STOCK_ADMIN_KEY=$STOCK_KEY "$stock" serve --port 0 --data "$folder/data" --log-level warning \
  "${loops[@]}" >"$folder/serve.out" & engine=$!
pids+=("$engine")
for _ in $(seq 200); do
  url=$(sed -n 's/^listening on //p' "$folder/serve.out"); [ -n "$url" ] && break; sleep 0.05
done
[ -n "$url" ] || { echo "floor.sh: the engine does not start" >&2; exit 1; }
redis=$(cat "$folder/data/redis.pid")

api() { curl -sS -f -H "Authorization: Bearer $STOCK_KEY" -H 'Content-Type: application/json' "$@" >/dev/null; }
api -X PUT "$url/api/v1/admin/stores/1" -d '{"name":"Bench"}'
{ echo 'sku,title,location,quantity,product_id'
  seq 2000 | sed 's/.*/P&,Product &,MAIN,1000000000,&/'; } >"$folder/stock.csv"
"$stock" import "$folder/stock.csv" --url "$url" >"$results/import.txt" 2>&1

# Seconds of CPU that a process and its children have used.
cpu() {
  local total=0 pid
  for pid in "$@" $(for p in "$@"; do pgrep -P "$p" || true; done); do
    total=$((total + $(awk '{print $14 + $15}' "/proc/$pid/stat")))
  done
  awk -v t="$total" -v hz="$(getconf CLK_TCK)" 'BEGIN { print t / hz }'
}

# name round script url pid...
run() {
  local name=$1 round=$2 script=$3 target=$4; shift 4
  local before after line
  before=$(cpu "$@")
  wrk -t1 -c"$connections" -d"${seconds}s" --latency -s "benchmarks/floor/$script.lua" \
    "$target/api/v1/store/inventory/reserve" >"$results/$name-$round.txt"
  after=$(cpu "$@")
  line=$(sed -n 's/^RESULT //p' "$results/$name-$round.txt")
  echo "$name $round $line $before $after" |
    awk '{ printf "%s %d %.0f %d %.0f %.0f %.2f\n", $1, $2, $3 / $4 * 1e6, $5, $6, $7, ($9 - $8) / $3 * 1e6 }' |
    tee -a "$results/runs.txt"
}

echo "name round requests/s errors p50_us p99_us cpu_us/request" | tee "$results/runs.txt"
wrk -t1 -c"$connections" -d2s -s benchmarks/floor/spread.lua "$url/api/v1/store/inventory/reserve" >/dev/null
for round in $(seq "$rounds"); do
  for kind in hot spread keyed; do
    if [ $((round % 2)) = 1 ]; then
      run "nginx-$kind" "$round" "$kind" "http://127.0.0.1:$nginx_port" "$nginx"
      run "stock-$kind" "$round" "$kind" "$url" "$engine" "$redis"
    else
      run "stock-$kind" "$round" "$kind" "$url" "$engine" "$redis"
      run "nginx-$kind" "$round" "$kind" "http://127.0.0.1:$nginx_port" "$nginx"
    fi
  done
done

"$stock" verify --url "$url" >"$results/verify.txt" 2>&1 || { cat "$results/verify.txt"; exit 1; }

# Ratios of each round's pair, then the median of the rounds.
awk '
  function median(values, count,   i, j, t) {
    for (i = 2; i <= count; i++)
      for (j = i; j > 1 && values[j - 1] > values[j]; j--) { t = values[j]; values[j] = values[j - 1]; values[j - 1] = t }
    return count % 2 ? values[(count + 1) / 2] : (values[count / 2] + values[count / 2 + 1]) / 2
  }
  NR > 1 { rate[$1, $2] = $3; errors[$1] += $4; cpu[$1, $2] = $7; if ($2 > rounds) rounds = $2 }
  END {
    print "| reserves | to nginx, median | lowest | highest | requests/s | CPU to nginx | errors |"
    print "|---|---|---|---|---|---|---|"
    split("hot spread keyed", kinds, " ")
    for (k = 1; k <= 3; k++) {
      kind = kinds[k]; lowest = 1e9; highest = 0
      for (r = 1; r <= rounds; r++) {
        ratio[r] = rate["stock-" kind, r] / rate["nginx-" kind, r]
        spent[r] = cpu["stock-" kind, r] / cpu["nginx-" kind, r]
        absolute[r] = rate["stock-" kind, r]
        if (ratio[r] < lowest) lowest = ratio[r]
        if (ratio[r] > highest) highest = ratio[r]
      }
      printf "| %s | %.2f | %.2f | %.2f | %.0f | %.2f | %d |\n", kind, median(ratio, rounds), lowest, highest, median(absolute, rounds), median(spent, rounds), errors["stock-" kind]
    }
  }' "$results/runs.txt" | tee "$results/table.md"
