// counted_loop.h - the main function of a program whose loop body is counted in instructions.
//
// What a fast path costs is pinned as a count, which is the same on every run, and not as a time.
// The program is run twice under callgrind by count.sh: once with the body, once with nothing in
// the same loop; the difference, divided by the number of iterations, is what the body costs.
#ifndef ASHLAR_BENCH_INSTRUCTIONS_COUNTED_LOOP_H_
#define ASHLAR_BENCH_INSTRUCTIONS_COUNTED_LOOP_H_

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "valgrind/callgrind.h"

namespace ashlar::bench {

// `iterations` times `body`; the compiler can neither drop an iteration nor merge two.
template <class Body>
[[gnu::noinline]] void Loop(long iterations, Body body) {
  for (long i = 0; i < iterations; ++i) {
    body();
    asm volatile("" ::: "memory");
  }
}

// PROGRAM body|empty ITERATIONS: first warms up, uncounted, then counts that many iterations of
// `body`, or of nothing.
template <class Body>
int CountedMain(int argc, char** argv, Body body) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s body|empty ITERATIONS\n", argv[0]);
    return 2;
  }
  const bool with_body = std::strcmp(argv[1], "body") == 0;
  const long iterations = std::atol(argv[2]);
  Loop(iterations, body);
  CALLGRIND_TOGGLE_COLLECT;
  if (with_body) {
    Loop(iterations, body);
  } else {
    Loop(iterations, [] {});
  }
  CALLGRIND_TOGGLE_COLLECT;
  return 0;
}

}  // namespace ashlar::bench

#endif  // ASHLAR_BENCH_INSTRUCTIONS_COUNTED_LOOP_H_
