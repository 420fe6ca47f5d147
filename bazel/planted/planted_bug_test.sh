#!/usr/bin/env bash
# planted_bug_test.sh MESSAGE PLANTED CLEAN [ARGUMENTS...]: PLANTED fails and its report matches
# MESSAGE; CLEAN, the same program without the bug, passes and reports nothing of the kind.
set -uo pipefail
message=$1 planted=$2 clean=$3
shift 3
log=$TEST_TMPDIR/log

if "$planted" "$@" >"$log" 2>&1; then
  cat "$log"
  echo "FAILED: the planted bug went unnoticed"
  exit 1
fi
if ! grep -qE "$message" "$log"; then
  cat "$log"
  echo "FAILED: it died, but not of what was planted: $message"
  exit 1
fi
if ! "$clean" "$@" >"$log" 2>&1 || grep -qE "$message" "$log"; then
  cat "$log"
  echo "FAILED: the program without the bug is reported too"
  exit 1
fi
