#!/bin/bash
# Drives the web page in a real browser: Debian's Chromium, by Playwright. Installs what is missing, the
# Python packages into a folder of their own.
#
#   Tests/Browser/run.sh [--binary FILE] [--quick] [--screenshots FOLDER] [--entries N]
set -euo pipefail
cd "$(dirname "$0")/../.."
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
if ! command -v chromium >/dev/null || ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "installing chromium and python3-venv"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
    chromium python3-venv >/dev/null
fi
packages=.build/browser-tests
if ! [ -x "$packages/bin/python" ]; then
  python3 -m venv "$packages"
  "$packages/bin/pip" install --quiet playwright==1.65.2 axe-playwright-python==0.1.8
fi
exec "$packages/bin/python" -m Tests.Browser "$@"
