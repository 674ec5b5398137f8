#!/bin/sh
# Look for what the browser tests need, install axe-core, and say aloud what is missing.
set -u
missing=""
found=""
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null 2>&1; then found="$name"; break; fi
done
if [ -z "${CHROMIUM:-}" ] && [ -z "$found" ]; then
  missing="$missing
  Chromium   Debian, Ubuntu: sudo apt-get install chromium
             elsewhere: any Chromium or Chrome; name it with CHROMIUM=/path/to/it"
fi
if ! command -v npm >/dev/null 2>&1; then
  missing="$missing
  npm        Debian, Ubuntu: sudo apt-get install npm (it brings axe-core, the accessibility rules)"
elif [ ! -f tests/browser/node_modules/axe-core/axe.min.js ]; then
  (cd tests/browser && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) || exit 1
fi
if [ -n "$missing" ]; then
  echo "Browser tests: not everything that they need is installed:$missing"
  if [ "${CI:-}" = "true" ]; then
    echo "CI=true: that is a failure."
    exit 1
  fi
  echo "The tests that need it will be SKIPPED."
fi
