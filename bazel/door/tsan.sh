#!/usr/bin/env bash
# tsan.sh [MINUTES]: the main job under ThreadSanitizer, for so long (default 10), with random delays
# at the atomic accesses (stress/delays) and four times as many threads as processors: one process of
# eight for each two processors, each with seeds of its own, which it prints. Exit code 1 if one of
# them found anything.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$top/bazel/door/run_bazel.sh"

minutes=${1:-10}
if (($# > 1)) || ! [[ $minutes =~ ^[0-9]+([.][0-9]+)?$ ]] ||
  [[ $minutes =~ ^[0.]+$ ]]; then
  echo "ashlar: tsan takes a number of minutes" >&2
  exit 2
fi
shards=$((($(nproc) + 1) / 2))
scenarios=6 # that take their time
seconds=$(awk -v minutes="$minutes" -v n="$scenarios" 'BEGIN { print minutes * 60 / n }')

run_bazel "$top" build --config=tsan //stress:stress || exit 2
name_lines
program=$top/bazel-bin/stress/stress
running=()
trap 'kill "${running[@]}" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
for ((shard = 1; shard <= shards; ++shard)); do
  seed=$((RANDOM * 32768 + RANDOM + 1))
  command=("$program" --seconds="$seconds" --threads=8 --seed=$seed)
  echo "+ ASHLAR_DELAYS_SEED=$seed ${command[*]}" >&2
  ASHLAR_DELAYS_SEED=$seed "${command[@]}" &
  running+=($!)
done
code=0
for process in "${running[@]}"; do wait "$process" || code=$?; done
exit "$code"
