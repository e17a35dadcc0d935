#!/bin/bash
# Installs schemathesis into .build/contract-venv, unless that has it. Needs PyPI, and Debian's python3.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.build/contract-venv
wanted=Tests/Contract/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    echo "installing python3-venv"
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
      python3 python3-venv >/dev/null
  fi
  echo "installing schemathesis into $venv"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 2 --timeout 30 -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi
