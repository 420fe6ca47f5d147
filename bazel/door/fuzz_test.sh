#!/usr/bin/env bash
# fuzz_test.sh FUZZ RUN_BAZEL: what it builds and runs, with a bazel that builds a target which says how
# it was called.
set -euo pipefail
tree=$TEST_TMPDIR/tree
mkdir -p "$tree"/{bazel/door,fuzz/corpus/heap_threads_fuzz}
cp -L "$1" "$tree/bazel/door/fuzz.sh"
cp -L "$2" "$tree/bazel/door"
for name in heap_threads_fuzz heap_explored_fuzz trace_fuzz; do
  printf 'cc_fuzz_test(\n    name = "%s",\n)\n' $name
done >"$tree/fuzz/BUILD.bazel"
touch "$tree/fuzz/trace.dict"
cat >"$TEST_TMPDIR/bazel" <<'FAKE'
#!/usr/bin/env bash
target=${!#}
echo "bazel ${*: -2}"
mkdir -p bazel-bin/fuzz
program=bazel-bin/fuzz/${target#*:}
cat >"$program" <<'TARGET'
#!/bin/sh
echo "fuzz $*"
test -e "$TEST_TMPDIR/crashes" || exit 0
touch "${3#*=}crash-1"
exit 77
TARGET
chmod +x "$program"
FAKE
chmod +x "$TEST_TMPDIR/bazel" "$tree/bazel/door/fuzz.sh"
export ASHLAR_BAZEL=$TEST_TMPDIR/bazel ASHLAR_CACHE=$TEST_TMPDIR/cache

# expect EXIT_CODE TEXT ARGUMENTS...: what it says, with errors, contains TEXT.
expect() {
  local expected=$1 text=$2 code=0 said
  shift 2
  said=$("$tree/bazel/door/fuzz.sh" "$@" 2>&1) || code=$?
  [[ $code == "$expected" && $said == *"$text"* ]] ||
    { echo "FAILED: fuzz.sh $*: exit code $code, not said: $text"; echo "$said"; exit 1; }
}
kept=$TEST_TMPDIR/cache/fuzz
expect 0 "fuzz -max_total_time=60 -print_final_stats=1 -artifact_prefix=$kept/trace_fuzz.crashes/ \
-dict=$tree/fuzz/trace.dict $kept/trace_fuzz" trace_fuzz
expect 0 "bazel --config=fuzz //fuzz:heap_explored_fuzz" heap_explored_fuzz
expect 0 "$kept/heap_explored_fuzz $tree/fuzz/corpus/heap_threads_fuzz" heap_explored_fuzz 9
expect 0 "bazel --platform_suffix=-fuzz-asan //fuzz:heap_threads_fuzz" heap_threads_fuzz 9 asan
expect 0 "-artifact_prefix=$kept/heap_threads_fuzz.asan.crashes/" heap_threads_fuzz 9 asan
expect 2 "targets: heap_threads_fuzz heap_explored_fuzz trace_fuzz"
expect 2 "no such fuzz target: ring" ring
expect 2 "not a number of seconds: long" trace_fuzz long
expect 2 "not a number of seconds: 0" trace_fuzz 0
expect 2 "neither asan nor tsan: msan" trace_fuzz 9 msan
expect 2 "heap_threads_fuzz does" heap_explored_fuzz 9 tsan
touch "$TEST_TMPDIR/crashes"
expect 1 "./ashlar replay $kept/trace_fuzz.crashes/crash-1" trace_fuzz
