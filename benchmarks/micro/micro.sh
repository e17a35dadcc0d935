#!/usr/bin/env bash
# Times of the hot path's operations, each in a process of its own, on one core.
#
#   benchmarks/micro/micro.sh [--only TEXT]... [--json FILE]
#
# Prints a Markdown table. The executable is built with the flags that the engine is delivered with,
# which the benchmark package's own command cannot do; so it is started here, and read by times.py.
set -euo pipefail
cd "$(dirname "$0")"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for product in Micro stock-count; do
  swift build -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
    --product "$product" >"$log" 2>&1 || { cat "$log" >&2; exit 2; }
done
python3 times.py .build/release "$@"
