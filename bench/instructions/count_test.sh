#!/usr/bin/env bash
# count_test.sh COUNT FIVE NOTHING: the counter itself, on a body of five instructions and on none.
set -uo pipefail
count=$1 five=$2 nothing=$3

fail() {
  echo "FAILED: $1"
  exit 1
}

"$count" "$five" 5 || fail "five instructions are not within five"
"$count" "$five" 4 && fail "five instructions are within four"
"$count" "$nothing" 5 && fail "a loop without a body passes"
"$count" /bin/false 5 && fail "a program that fails passes"
exit 0
