#!/usr/bin/env bash
# build_test.sh WORKSPACE: build.sh, called as OSS-Fuzz calls it, makes fuzzers that run.
set -euo pipefail
top=$(dirname "$(readlink -f "$1")")
export OUT=$TEST_TMPDIR/out SRC=$TEST_TMPDIR WORK=$TEST_TMPDIR CXX=clang++-19
export CXXFLAGS="-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address \
-fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link"
export LIB_FUZZING_ENGINE=-fsanitize=fuzzer
mkdir -p "$OUT"
(cd "$top" && bash -eu fuzz/oss-fuzz/build.sh)
count=0
for target in "$OUT"/*_fuzz; do
  python3 -m zipfile -e "${target}_seed_corpus.zip" "$OUT/corpus"
  if ! (cd "$TEST_TMPDIR" && "$target" -runs=1000 -seed=1 "$OUT/corpus") >"$OUT/log" 2>&1 ||
    ! grep -q "DONE   cov: [1-9]" "$OUT/log"; then
    echo "FAILED: $target"
    cat "$OUT/log"
    exit 1
  fi
  rm -rf "$OUT/corpus"
  ((++count))
done
((count == 4)) || { echo "FAILED: $count fuzzers"; exit 1; }
