// random_scenario.h - threads that do what comes to their minds, and check every block.
//
// Each thread allocates, frees, resizes, hands blocks to whoever takes them from a shared queue,
// and takes such blocks to verify and free or keep them. A thread lives for some thousand calls in
// one mood (it hoards, or produces for others, or consumes what they made), then ends, and another
// starts in its place and inherits its blocks. So every pairing of "allocated by" and "freed by"
// occurs: the same thread, another one, one that came after the first had ended.
//
// The work is cut into rounds. After each all threads have ended, blocks are still live, and the
// allocator's counts are compared with ours. After the last round every block is freed.
//
// What a thread decides follows from the seed, in every process; how threads interleave does not.
// So one thread makes the same calls each time.
#ifndef ASHLAR_STRESS_RANDOM_RANDOM_SCENARIO_H_
#define ASHLAR_STRESS_RANDOM_RANDOM_SCENARIO_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "stress/random/mix.h"
#include "stress/run/trial.h"

namespace ashlar::stress {

struct RandomOptions {
  std::uint64_t seed = 1;
  std::uint32_t threads = 4;           // at once
  std::uint64_t operations = 200'000;  // calls of the allocator at least; all threads together
  std::uint64_t operations_per_round = 100'000;
  std::size_t blocks_per_thread = 2048;                 // held at most
  std::size_t bytes_per_thread = std::size_t{4} << 20;  // held at most
  absl::Time deadline = absl::InfiniteFuture();         // ends early, whatever is left to do
};

// The Workers that a trial needs.
[[nodiscard]] inline std::uint32_t WorkersFor(const RandomOptions& options) {
  return options.threads + 1;
}

// An error: a thread could not be started.
[[nodiscard]] absl::Status DriveAtRandom(Trial& trial, const Mix& mix,
                                         const RandomOptions& options);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RANDOM_RANDOM_SCENARIO_H_
