#!/bin/bash
# Holds the contract against a running engine (run.py), with what that needs in .build.
# Usage: contract.sh STOCK-EXECUTABLE [OPTION OF run.py…]
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.build/contract-venv
Tests/Contract/install.sh
binary=$1
shift
exec "$venv/bin/python" Tests/Contract/run.py \
  --binary "$binary" --schemathesis "$venv/bin/st" "$@"
