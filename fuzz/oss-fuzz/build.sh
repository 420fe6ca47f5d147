#!/bin/bash -eu
# build.sh - builds the fuzz targets the way OSS-Fuzz and ClusterFuzz ask for: into $OUT, by $CXX with
# $CXXFLAGS and $LIB_FUZZING_ENGINE, in the top folder of the checkout. The library needs nothing but a
# C++20 compiler, so neither does this: the targets that use Abseil (trace_fuzz), or the explorer, run
# in this repository's own campaigns alone (./ashlar fuzz).
targets=(heap_fuzz slab_cache_fuzz heap_threads_fuzz slab_cache_threads_fuzz)

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

# compile SOURCE: leaves $objects/SOURCE.o, with _ for each /.
compile() {
  "$CXX" $CXXFLAGS -std=c++20 -iquote include -iquote . -c "$1" -o "$objects/${1//\//_}.o"
}

library=()
for source in lib/{base,os,sizes,sync,span,slab,heap}/*.cc; do
  [[ $source == *_test.cc || $source == *_program.cc ]] && continue
  compile "$source" &
  library+=("$objects/${source//\//_}.o")
  ((${#library[@]} % $(nproc))) || wait
done
for source in fuzz/{fuzz_input,program,run_program}.cc; do compile "$source"; done
wait

for target in "${targets[@]}"; do
  compile "fuzz/$target.cc"
  support=("$objects/fuzz_fuzz_input.cc.o")
  [[ $target != *_threads_fuzz ]] ||
    support=("$objects"/fuzz_{program,run_program}.cc.o)
  "$CXX" $CXXFLAGS "$objects/fuzz_$target.cc.o" "${support[@]}" "${library[@]}" \
    $LIB_FUZZING_ENGINE -pthread -o "$OUT/$target"
  (cd "fuzz/corpus/$target" && python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" ./*)
done
