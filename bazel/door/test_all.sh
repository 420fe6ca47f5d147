#!/usr/bin/env bash
# test_all.sh - runs the tests of one configuration after another, goes on after a failure, and
# ends with the line `N passed, N failed`; exit code 0 if none failed.
#
#   test_all.sh [--all] [CONFIGURATION...] [BAZEL TEST ARGUMENTS]
#
# --all: the tests with the tag long, too.
# An argument that is no option (write --x=y) is a target pattern and takes the place of //... .
# opt and gcc build everything; the others build what their tests need. asan finds undefined
# behaviour as well, so of ubsan by itself only the proof runs.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$top/bazel/door/run_bazel.sh"

configurations=(opt checked asan ubsan tsan gcc fuzz consumer)

all=
if [[ ${1-} == --all ]]; then
  all=1
  shift
fi
chosen=()
while (($#)) && [[ " ${configurations[*]} " == *" $1 "* ]]; do
  chosen+=("$1")
  shift
done
options=() targets=()
for argument; do
  if [[ $argument == -* ]]; then options+=("$argument"); else targets+=("$argument"); fi
done
if ((!${#chosen[@]})); then
  chosen=("${configurations[@]}")
  # A pattern names targets of this workspace, not of the consumer's.
  ((!${#targets[@]})) || unset 'chosen[-1]'
fi

# flags_of CONFIGURATION: sets `flags`.
flags_of() {
  case $1 in
    opt) flags=(-c opt) ;;
    gcc) flags=(-c opt --config=gcc) ;;
    consumer) flags=() ;; # as a stranger would: the default mode, linked dynamically
    *) flags=("--config=$1" --build_tests_only) ;;
  esac
  local left_out=-no-$1
  [[ $1 != asan ]] || left_out+=,-no-ubsan # as it finds both
  [[ -z $all ]] || flags+=("--test_tag_filters=$left_out")
}

# targets_of CONFIGURATION: sets `patterns`.
targets_of() {
  case $1 in
    fuzz) patterns=(//fuzz/... //bazel/planted/...) ;;
    ubsan) patterns=(//bazel/planted/...) ;;
    *) patterns=(//...) ;;
  esac
  ((!${#targets[@]})) || patterns=("${targets[@]}")
}

events=$(mktemp -d)
trap 'rm -rf "$events"' EXIT
outcomes=()
for name in "${chosen[@]}"; do
  flags_of "$name"
  targets_of "$name"
  workspace=$top
  [[ $name == consumer ]] && workspace=$top/bazel/consumer
  echo "== $name" >&2
  start=$SECONDS code=0
  run_bazel "$workspace" test "${flags[@]}" --keep_going \
    --build_event_json_file="$events/$name.json" \
    ${options[@]+"${options[@]}"} "${patterns[@]}" || code=$?
  outcomes+=("$name:$code:$((SECONDS - start)):$events/$name.json")
  ((code != 8)) || break # interrupted
done
narrowed=()
((!${#targets[@]})) || narrowed=(--narrowed)
python3 "$top/bazel/door/summary.py" ${narrowed[@]+"${narrowed[@]}"} "${outcomes[@]}"
