#!/usr/bin/env bash
# Send a request file to a running server and print its answer: ./prompt.sh cat.json
# Another server: URL=https://example.org ./prompt.sh cat.json
set -euo pipefail

if [ $# -ne 1 ] || [ ! -f "$1" ]; then
    echo "Usage: $0 REQUEST.json   (an example is cat.json)" >&2
    exit 2
fi

# Not -d: that would cut line breaks out of the file. No --fail: an error's answer says what is wrong.
curl --silent --show-error --data-binary @"$1" \
    --header 'Content-Type: application/json' "${URL:-http://localhost:8000}/predict"
echo
