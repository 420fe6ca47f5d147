#!/usr/bin/env bash
# weaken.sh - is each memory order of the sync layer needed? The body of ./ashlar weaken.
#
#   weaken.sh [--write-golden] [TARGET...]
#
# Builds explored tests, runs each with one order after another weakened, and prints the table: what
# found it, and after how many executions. Without TARGETs it takes those of lib/sync/explored, and
# says what differs from weaken.golden there and from the ledger of edges; or writes weaken.golden.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$top/bazel/door/run_bazel.sh"
cd "$top"

golden=--golden
if [[ ${1-} == --write-golden ]]; then
  golden=$1
  shift
fi
targets=("$@") judgement=()
if ((!$#)); then
  targets=(//lib/sync/explored:sync_explored_test)
  judgement=("$golden" lib/sync/explored/weaken.golden --ledger lib/sync/EDGES.md)
fi
sources=(include/ashlar/internal/sync/*.h)
for source in lib/sync/*.cc; do
  [[ $source == *_test.cc ]] || sources+=("$source")
done

run_bazel "$top" build -c opt "${targets[@]}"
programs=()
for target in "${targets[@]}"; do
  program=bazel-bin/${target#//}
  programs+=("${program/:/\/}")
done
exec stress/weaken/run.sh "${programs[@]}" -- \
  ${judgement[@]+"${judgement[@]}"} --of "${sources[@]}"
