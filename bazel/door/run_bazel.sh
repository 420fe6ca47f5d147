# run_bazel.sh - how ./ashlar and its helpers call bazel, and what it built; for them to source.
# shellcheck shell=bash

# run_bazel WORKSPACE ARGUMENTS...: prints the command, then runs it there, without standard input,
# which belongs to the program that bazel builds.
run_bazel() {
  local workspace=$1
  shift
  # Debian's, whatever else is in the PATH: .bazelrc is written for it.
  local command=("${ASHLAR_BAZEL:-/usr/bin/bazel}")
  [[ -z ${ASHLAR_OUTPUT_ROOT-} ]] || command+=("--output_user_root=$ASHLAR_OUTPUT_ROOT")
  command+=("$1")
  [[ -t 2 ]] || command+=(--noshow_progress --color=no)
  command+=("${@:2}")
  echo "+ (cd $workspace && ${command[*]})" >&2
  (cd "$workspace" && "${command[@]}" </dev/null)
}

# name_lines: for programs of sanitizers that are run from here, as .bazelrc has it for tests: reports
# name lines, and the first race is the last. What the caller asks for comes after.
name_lines() {
  local symbolizer=external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer
  export ASAN_OPTIONS=$symbolizer${ASAN_OPTIONS:+:$ASAN_OPTIONS}
  export TSAN_OPTIONS=halt_on_error=1:$symbolizer${TSAN_OPTIONS:+:$TSAN_OPTIONS}
}
