#!/usr/bin/env bash
# Tries the metrics, the alert rules and the dashboard against a real Prometheus and a real engine:
# the scrape is well formed, every rule and panel asks for metrics that are there, and when
# redis-server stands still an alert fires, and ends. About a minute; everything ends with it.
#
#   docs/monitoring/try.sh [STOCK]     the program, .build/release/stock where it is left out
set -euo pipefail
cd "$(dirname "$0")/../.."

stock=${1:-.build/release/stock}
here=docs/monitoring
folder=$(mktemp -d)
pids=()
stopped=

end() {
  # A stopped redis-server would not hear that the engine ends.
  if [ -n "$stopped" ]; then kill -CONT "$stopped" 2>/dev/null || true; fi
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap end EXIT

fail() {
  echo "FAILED: $*" >&2
  tail -n 5 "$folder"/*.log >&2 || true
  exit 1
}

# Waits up to 60 s for a command to succeed.
eventually() {
  local what=$1
  shift
  for _ in $(seq 300); do
    if "$@"; then return; fi
    sleep 0.2
  done
  fail "$what"
}

free_port() {
  python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Debian's package, unpacked here: installing it would start a service.
bin=
if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then
  echo "fetching prometheus"
  (cd "$folder" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } \
    >apt.log 2>&1 && dpkg-deb -x prometheus_*.deb prometheus)
  bin=$folder/prometheus/usr/bin/
fi

"${bin}promtool" check rules "$here/alerts.yml" >"$folder/rules.log" 2>&1 || fail "the rules"

"$stock" serve --port 0 --data "$folder/data" --auth none --metrics open \
  >"$folder/engine.out" 2>"$folder/engine.log" &
pids+=($!)
eventually "the engine does not listen" grep -q '^listening on' "$folder/engine.out"
url=$(sed -n 's/^listening on //p' "$folder/engine.out")

curl -fsS "$url/metrics" | "${bin}promtool" check metrics || fail "promtool does not like the metrics"
echo "the metrics are well formed"

port=$(free_port)
sed -e "s|127.0.0.1:8080|${url#http://}|; s|scrape_interval: 15s|scrape_interval: 1s\n  evaluation_interval: 1s|" \
  "$here/prometheus.yml" >"$folder/prometheus.yml"
cp "$here/alerts.yml" "$folder/alerts.yml"
"${bin}prometheus" --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/tsdb" \
  --web.listen-address="127.0.0.1:$port" >"$folder/prometheus.log" 2>&1 &
pids+=($!)
api=http://127.0.0.1:$port/api/v1

is_up() {
  curl -fsS -G "$api/query" --data-urlencode 'query=up{job="stock"} == 1' 2>/dev/null \
    | grep '"value"' >/dev/null
}
eventually "Prometheus does not see the engine" is_up

# Some of everything, for a few seconds, so that the panels have something to show.
load() {
  local json='Content-Type: application/json'
  curl -fsS -o "$folder/answer" -H "$json" "$url/api/v1/store/inventory/set" \
    -d '{"product_id": 1, "location": "MAIN", "quantity": 1000000}'
  while :; do
    curl -sS -o "$folder/answer" -m 2 -H "$json" "$url/api/v1/store/inventory/reserve" \
      -d '{"product_id": 1, "location": "MAIN", "quantity": 1}' || true
    sleep 0.05
  done
}
load >"$folder/load.log" 2>&1 &
pids+=($!)
sleep 8

python3 - "$api" "$here" <<'PYTHON' || fail "a rule or a panel asks for what is not there"
import json, re, sys, urllib.parse, urllib.request

api, here = sys.argv[1:]


def get(path, **query):
    with urllib.request.urlopen(f"{api}/{path}?{urllib.parse.urlencode(query)}") as answer:
        return json.load(answer)["data"]


names = set(get("label/__name__/values"))
# Told only when it has happened.
names |= {"stock_redis_restarts_total"}
asked = open(f"{here}/alerts.yml").read()
panels = json.load(open(f"{here}/dashboard.json"))["panels"]
shown = 0
for panel in panels:
    for target in panel["targets"]:
        expr = target["expr"].replace("$job", "stock").replace("$__rate_interval", "10s")
        asked += "\n" + expr
        # An expression that Prometheus cannot read is an error here.
        shown += bool(get("query", query=expr)["result"])
for name in sorted(set(re.findall(r"\b(?:stock|process)_[a-z_]+\b", asked))):
    if name not in names:
        sys.exit(f"{name} is not among the metrics")
rules = get("rules")["groups"]
for rule in (rule for group in rules for rule in group["rules"]):
    if rule["health"] != "ok":
        sys.exit(f"{rule['name']}: {rule.get('lastError')}")
print(f"{sum(len(g['rules']) for g in rules)} rules and {len(panels)} panels ask for what is there; "
      f"{shown} expressions have something to show")
PYTHON

alert_is() {
  curl -fsS "$api/alerts" | python3 -c '
import json, sys
name, state = sys.argv[1:]
found = {a["state"] for a in json.load(sys.stdin)["data"]["alerts"] if a["labels"]["alertname"] == name}
sys.exit(0 if (state in found if state != "none" else not found) else 1)' "$1" "$2"
}

alert_is StockRedisNotTaking none || fail "an alert without a cause"
stopped=$(cat "$folder/data/redis.pid")
kill -STOP "$stopped"
began=$(date +%s)
eventually "no alert although redis-server stands still" alert_is StockRedisNotTaking firing
echo "redis-server stopped: StockRedisNotTaking fires after $(($(date +%s) - began)) s"
kill -CONT "$stopped"
stopped=
eventually "the alert does not end" alert_is StockRedisNotTaking none
echo "redis-server goes on: the alert has ended"
