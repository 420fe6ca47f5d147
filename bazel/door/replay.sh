#!/usr/bin/env bash
# replay.sh FILE: runs the failing execution that a schedule describes again and prints it.
#
# FILE is a .schedule, or the outputs.zip that bazel leaves for a failed explored test. Exit code 1:
# it failed again; 0: it does not fail any more; 2: the file is none.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$top/bazel/door/run_bazel.sh"

die() {
  echo "ashlar: $1" >&2
  exit 2
}

(($# == 1)) || die "replay takes one file: a .schedule, or an explored test's outputs.zip"
[[ -f $1 ]] || die "no such file: $1"
file=$(realpath "$1")
if [[ $file == *.zip ]]; then
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  python3 -m zipfile -e "$file" "$unpacked" || die "not an archive: $1"
  schedules=("$unpacked"/*.schedule)
  [[ -f ${schedules[0]} ]] || die "no schedule in $1"
else
  schedules=("$file")
fi

code=0
for schedule in "${schedules[@]}"; do
  target=$(sed -n 's/^target //p' "$schedule" | head -n 1)
  [[ $target == //*:* ]] || die "$schedule names no target: run its test with ASHLAR_REPLAY=$schedule"
  run_bazel "$top" build "$target"
  program=$top/bazel-bin/${target#//}
  BUILD_WORKSPACE_DIRECTORY=$top ASHLAR_REPLAY=$schedule "${program/:/\/}" || code=$?
done
exit "$code"
