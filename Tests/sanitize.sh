#!/usr/bin/env bash
# Runs the tests with a sanitizer in all of our code, and in what it uses.
#
#   Tests/sanitize.sh thread|address [FILTER...]
#
# Without filters: all but SystemTests, whose engines are processes of their own, killed in the middle of
# load. The build is apart from the others, in .build-thread or .build-address; its log, and that of the
# run, lie there. A report of the sanitizer ends the run with an error.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
case $kind in
  thread | address) shift ;;
  *) echo "usage: $0 thread|address [FILTER...]" >&2; exit 2 ;;
esac
filters=("$@")
((${#filters[@]})) || filters=(StockCoreTests StockLoopTests StockRedisTests StockEngineTests
  StockHTTPTests StockAccessTests StockToolTests FuzzTests)
out=.build-$kind
mkdir -p "$out"

swift build --build-tests --sanitize="$kind" --scratch-path "$out" >"$out/build.log" 2>&1 ||
  { tail -40 "$out/build.log" >&2; exit 2; }

# What is known to be none, with its reason.
export TSAN_OPTIONS=halt_on_error=0:exitcode=66:suppressions=$PWD/Tests/thread.supp
# Swift's runtime and Foundation keep things for the life of the process.
export ASAN_OPTIONS=detect_leaks=0

status=0
for filter in "${filters[@]}"; do
  begin=$SECONDS
  if swift test --skip-build --sanitize="$kind" --scratch-path "$out" --disable-xctest \
    --filter "^$filter\." >"$out/$filter.log" 2>&1; then
    result=passed
  else
    result=FAILED status=1
  fi
  # Reports do not make every test fail.
  reports=$(grep -cE '^(WARNING: ThreadSanitizer|==[0-9]+==ERROR: AddressSanitizer)' "$out/$filter.log" || true)
  ((reports)) && status=1
  tests=$(grep -oE 'Test run with [0-9]+ tests?( in [0-9]+ suites?)?' "$out/$filter.log" | tail -1 || true)
  # A filter that finds nothing has shown nothing.
  [[ $tests =~ with\ [1-9] ]] || result="FAILED (no tests)" status=1
  echo "$kind $filter: $result, $reports reports, $((SECONDS - begin)) s. $tests"
done
exit $status
