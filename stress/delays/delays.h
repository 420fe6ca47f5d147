// delays.h - random delays at the atomic accesses of a program under ThreadSanitizer.
//
// A program that links this has each call that the compiler puts in for an atomic access
// (__tsan_atomic64_load and its like) go through a wrapper, by the linker's --wrap: one call in some
// hundreds yields, spins, sleeps some microseconds, or moves its thread to another processor. So
// threads meet in places where they hardly ever do by themselves, in whatever code was compiled for
// the race detector and without a change to it. Outside --config=tsan nothing is wrapped.
//
// ASHLAR_DELAYS=N in the environment: one access in N on average, up to a million; 0 is never, unset
// is 512. ASHLAR_DELAYS_SEED=S: other places.
#ifndef ASHLAR_STRESS_DELAYS_DELAYS_H_
#define ASHLAR_STRESS_DELAYS_DELAYS_H_

#include <cstdint>

namespace ashlar::stress {

// Atomic accesses of the process that were wrapped, as far as the last delay of each thread, and those
// of them that were delayed. From any thread.
struct DelayCounts {
  std::uint64_t accesses = 0;
  std::uint64_t delays = 0;
  std::uint64_t moves = 0;  // to another processor; of these delays
};
[[nodiscard]] DelayCounts CountDelays();

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_DELAYS_DELAYS_H_
