#!/usr/bin/env bash
# count.sh PROGRAM BOUND: does one iteration of the loop of PROGRAM (counted_loop.h) take at most
# BOUND instructions, and at least one? Prints what it takes.
set -euo pipefail
program=$1 bound=$2
iterations=10000

# instructions_of body|empty: those of all iterations together.
instructions_of() {
  local out=$TEST_TMPDIR/$1.out
  valgrind --tool=callgrind --collect-atstart=no --callgrind-out-file="$out" \
    "$program" "$1" "$iterations" >"$TEST_TMPDIR/log" 2>&1 || {
    cat "$TEST_TMPDIR/log" >&2
    return 1
  }
  sed -n 's/^totals: //p' "$out"
}

with_body=$(instructions_of body)
empty=$(instructions_of empty)
cost=$((with_body - empty))
awk -v cost="$cost" -v n="$iterations" -v bound="$bound" \
  'BEGIN { printf "%.2f instructions each; at most %d wanted\n", cost / n, bound }'
if ((cost < iterations)); then
  echo "FAILED: less than one instruction each: the loop does not do what it should"
  exit 1
fi
if ((cost > bound * iterations)); then
  echo "FAILED: too many"
  exit 1
fi
