#!/usr/bin/env bash
# replay.sh FILE [--html=PAGE]: runs the failing execution that a file describes again and prints it;
# PAGE has it drawn, one lane a thread.
#
# FILE is a .schedule, the outputs.zip that bazel leaves for a failed explored test, or an input on
# which ./ashlar fuzz failed, in its folder TARGET.crashes (TARGET.asan.crashes: under that sanitizer
# again). Exit code 1: it failed again; 0: it does not fail any more; 2: it could not be run.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$top/bazel/door/run_bazel.sh"

die() {
  echo "ashlar: $1" >&2
  exit 2
}

page=
if [[ ${2-} == --html=?* ]]; then
  page=${2#--html=}
  set -- "$1"
fi
(($# == 1)) || die "replay takes one file: a .schedule, an explored test's outputs.zip, or a fuzz target's crash"
[[ -f $1 ]] || die "no such file: $1"
file=$(realpath "$1")
text=$(mktemp)
trap 'rm -rf "$text" "${unpacked-}"' EXIT

# show PROGRAM...: runs it; its exit code.
show() {
  local code=0
  "$@" 2>&1 | tee "$text" || code=$?
  [[ -z $page ]] || python3 "$top/stress/explorer/page.py" <"$text" >"$page" || rm -f "$page"
  return "$code"
}
folder=$(basename "$(dirname "$file")")
if [[ $folder == *_fuzz*.crashes ]]; then
  target=${folder%.crashes}
  sanitizer=
  [[ $target != *.asan && $target != *.tsan ]] || sanitizer=${target##*.}
  target=${target%."$sanitizer"}
  run_bazel "$top" build ${sanitizer:+--config=$sanitizer} "//fuzz:$target" ||
    die "//fuzz:$target does not build"
  name_lines
  show "$top/bazel-bin/fuzz/$target" "$file" || exit 1
  exit 0
fi
if [[ $file == *.zip ]]; then
  unpacked=$(mktemp -d)
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
  run_bazel "$top" build "$target" || die "$target does not build"
  program=$top/bazel-bin/${target#//}
  BUILD_WORKSPACE_DIRECTORY=$top ASHLAR_REPLAY=$schedule show "${program/:/\/}" || code=$?
done
exit "$code"
