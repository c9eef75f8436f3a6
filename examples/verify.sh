#!/bin/sh
# Runs the verification and turns its result into one line and a decision.
# Usage: verify.sh [options of fitbit-connect test]     for example: verify.sh --sandbox
# Needs jq.
set -u
result=$(fitbit-connect test --headless --json "$@" 2>/dev/null)
case $? in
  0) echo "right: $(printf '%s' "$result" | jq '[.checks[] | select(.state == "pass")] | length') checks passed" ;;
  2) printf '%s' "$result" | jq -r '"fix the command: \(.error.message)"'; exit 2 ;;
  3 | 4) printf '%s' "$result" | jq -r '"fix \(.error.code): \(.error.hint)"'; exit 1 ;;
  6) echo "try later"; exit 75 ;;
  *) printf '%s' "$result" | jq -r '"\(.error.code): \(.error.message)"'; exit 1 ;;
esac
