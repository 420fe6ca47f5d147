#!/usr/bin/env bash
# compare_test.sh COMPARE EXPLORED_SPEED RELACY_SPEED: both programs run, and the table has a row for
# each scenario and strategy.
set -euo pipefail
table=$("$1" "$2" "$3" --rounds=1 --seconds=0.01)
echo "$table"
for row in "free_list *random" "free_list *mixture" "heap *random" "heap *mixture" "free_list *relacy"; do
  grep -Eq "^$row +[1-9][0-9]* +[1-9][0-9]*" <<<"$table" || { echo "FAILED: no $row"; exit 1; }
done
