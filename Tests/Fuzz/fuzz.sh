#!/usr/bin/env bash
# Runs the fuzzers under libFuzzer: all of them, or those that are named.
#
#   Tests/Fuzz/fuzz.sh [--runs 10000000] [--seconds 3600] [--merge] [NAME...]
#
# Each stops after so many executions or seconds, whichever comes first: nine tenths of them with inputs of
# at most 512 bytes, which are quicker and make up most of what is found, the rest with up to 4,096. It
# begins from Corpus/NAME; what it adds stays in .build-fuzz/corpus, and --merge brings back what covers more than was covered.
# An input that breaks something is kept in .build-fuzz/found/NAME-*, and the script ends with 1.
# Log and last figures of each: .build-fuzz/NAME.log.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../.build-fuzz
runs=10000000 seconds=3600 merge=0 names=()
while (($#)); do
  case $1 in
    --runs) runs=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --merge) merge=1 ;;
    -*) echo "unknown: $1" >&2; exit 2 ;;
    *) names+=("$1") ;;
  esac
  shift
done
((${#names[@]})) || names=(json replies csv tokens http front access)

mkdir -p "$out/found"
cd "$here"
STOCK_FUZZ=1 swift build -c release --scratch-path "$out" -Xswiftc -enable-testing \
  --product stock-fuzz >"$out/build.log" 2>&1 || { tail -40 "$out/build.log" >&2; exit 2; }
fuzzer=$out/release/stock-fuzz
# Swift's own handler of traps would come before libFuzzer's, which keeps the input.
export SWIFT_BACKTRACE=enable=no

status=0
for name in "${names[@]}"; do
  export STOCK_FUZZER=$name
  mkdir -p "$out/corpus/$name"
  common=(-timeout=20 -rss_limit_mb=1024 -artifact_prefix="$out/found/$name-")
  : >"$out/$name.log"
  for part in "512 9" "4096 1"; do
    read -r length tenths <<<"$part"
    if ! nice -n 10 "$fuzzer" "${common[@]}" -max_len="$length" -runs=$((runs * tenths / 10)) \
      -max_total_time=$(((seconds * tenths + 9) / 10)) -dict="Dictionaries/$name.dict" \
      -print_final_stats=1 "$out/corpus/$name" "Corpus/$name" >>"$out/$name.log" 2>&1; then
      echo "$name: broken" >&2
      tail -30 "$out/$name.log" >&2
      status=1
      continue 2
    fi
  done
  grep -E '^#[0-9]+[[:space:]]+DONE' "$out/$name.log" | sed "s/^/$name: /"
  if ((merge)); then
    "$fuzzer" "${common[@]}" -max_len=4096 -merge=1 "Corpus/$name" "$out/corpus/$name" >>"$out/$name.log" 2>&1
  fi
done
exit $status
