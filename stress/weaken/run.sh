#!/usr/bin/env bash
# run.sh - runs explored tests with one memory order after another weakened, and judges the outcome.
#
#   run.sh PROGRAM... -- ARGUMENTS OF weaken.py...
#
# In the top folder of the workspace, or of the runfiles.
set -euo pipefail
programs=()
while (($#)) && [[ $1 != -- ]]; do
  programs+=("$1")
  shift
done
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mutants=()
for program in "${programs[@]}"; do
  mutants+=("$folder/${#mutants[@]}.tsv")
  ASHLAR_WEAKEN=${mutants[-1]} "$program" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
done
python3 -B stress/weaken/weaken.py "${mutants[@]}" "$@"
