#!/usr/bin/env bash
# count.sh EXPLORED_SPEED SCENARIO STRATEGY BOUND: does one execution take at most BOUND instructions,
# and at least a tenth? Prints what it takes.
set -euo pipefail
program=$1 scenario=$2 strategy=$3 bound=$4
executions=200

# valgrind 3.19 does not understand the debug information.
strip -g -o "$TEST_TMPDIR/program" "$program"

# instructions_of EXECUTIONS
instructions_of() {
  local out=$TEST_TMPDIR/$1.out
  valgrind --tool=callgrind --callgrind-out-file="$out" "$TEST_TMPDIR/program" count "$1" "$scenario" \
    "$strategy" >"$TEST_TMPDIR/log" 2>&1 || {
    cat "$TEST_TMPDIR/log" >&2
    return 1
  }
  sed -n 's/^\(totals\|summary\): //p' "$out" | tail -1
}

fewer=$(instructions_of "$executions")
more=$(instructions_of "$((2 * executions))")
cost=$(((more - fewer) / executions))
echo "$scenario, $strategy: $cost instructions an execution; at most $bound wanted"
if ((cost > bound || cost < bound / 10)); then
  echo "FAILED"
  exit 1
fi
