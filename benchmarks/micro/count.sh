#!/usr/bin/env bash
# Counts instructions of the hot path's operations and compares them with baseline.tsv.
#
#   benchmarks/micro/count.sh [--threshold 3] [--only TEXT] [--write]
#
# See counts.py. Times say nothing on a busy machine; counts do. `--write` makes the counts of now the
# baseline, to be committed with the change that is their reason.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v valgrind >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind >/dev/null
fi
swift build -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
  --product stock-count >build.log 2>&1 || { cat build.log >&2; exit 2; }
rm -f build.log
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp .build/release/stock-count "$folder/stock-count"
strip --strip-debug "$folder/stock-count"
python3 counts.py "$folder/stock-count" "$@"
