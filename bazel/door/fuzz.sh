#!/usr/bin/env bash
# fuzz.sh TARGET [SECONDS] [asan|tsan]: a libFuzzer campaign of //fuzz:TARGET, 60 seconds unless said.
#
# It begins with the corpus of the repository and with what earlier campaigns learned, which is kept
# below ASHLAR_CACHE. libFuzzer prints a line whenever an input does something new: coverage, size of
# the corpus, executions a second; and its statistics at the end. An input that fails stays below
# ASHLAR_CACHE too; ./ashlar replay FILE runs it again. Exit code 1 if one did.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$top/bazel/door/run_bazel.sh"

targets() { sed -nE 's/^ *name = "(\w+_fuzz)",$/\1/p' "$top/fuzz/BUILD.bazel" | tr '\n' ' '; }
usage() {
  echo "ashlar: $1" >&2
  echo "  ./ashlar fuzz TARGET [SECONDS] [asan|tsan]; targets: $(targets)" >&2
  exit 2
}

(($#)) || usage "fuzz needs a target"
target=$1 seconds=${2:-60} sanitizer=${3-}
[[ " $(targets)" == *" $target "* ]] || usage "no such fuzz target: $target"
[[ $seconds =~ ^[1-9][0-9]*$ ]] || usage "not a number of seconds: $seconds"
[[ $sanitizer =~ ^(asan|tsan)?$ ]] || usage "neither asan nor tsan: $sanitizer"
[[ -z $sanitizer || $target != *_explored_fuzz ]] ||
  usage "$target runs under the explorer, which takes no sanitizer; ${target/_explored_/_threads_} does"

run_bazel "$top" build --config=fuzz \
  ${sanitizer:+"--config=$sanitizer" "--platform_suffix=-fuzz-$sanitizer"} "//fuzz:$target" ||
  usage "//fuzz:$target does not build"

kept=${ASHLAR_CACHE:-$HOME/.cache/ashlar}/fuzz/$target
crashes=$kept${sanitizer:+.$sanitizer}.crashes
mkdir -p "$kept" "$crashes"
corpora=("$kept")
seeds=$top/fuzz/corpus/${target/_explored_/_threads_}
[[ ! -d $seeds ]] || corpora+=("$seeds")
name_lines
dictionary=$top/fuzz/${target%_fuzz}.dict
words=()
[[ ! -f $dictionary ]] || words=("-dict=$dictionary")
command=("$top/bazel-bin/fuzz/$target" "-max_total_time=$seconds" -print_final_stats=1
  "-artifact_prefix=$crashes/" ${words[@]+"${words[@]}"} "${corpora[@]}")
echo "+ ${command[*]}" >&2
before=$(ls "$crashes")
code=0
"${command[@]}" || code=$?
for file in $(comm -13 <(echo "$before") <(ls "$crashes")); do
  echo "ashlar: to run the input again: ./ashlar replay $crashes/$file" >&2
done
exit "$((code == 0 ? 0 : 1))"
