// What a Heap over a source holds of it, seed after seed: the figures of lib/span/README.md.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "stress/oracle/footprint_oracle.h"
#include "stress/random/mix.h"
#include "stress/random/random_scenario.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/subject/heap_subject.h"

namespace ashlar::stress {
namespace {

TEST(Footprint, OfAHeapOverASourceIsWithinItsBoundWhateverTheSeed) {
  constexpr int kSeeds = 12;
  const ByteMix mix(std::size_t{256} << 10);
  double of_live = 0;
  double most_of_bound = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const RandomOptions options{.seed = seed, .operations = 250'000};
    const absl::StatusOr<Outcome> outcome =
        RunTrial("heap", HeapSubject::OverSource(), {.most_threads = WorkersFor(options)}, nullptr,
                 [&](Trial& trial) { return DriveAtRandom(trial, mix, options); });
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_TRUE(outcome->passed()) << outcome->findings[0].message << ", seed " << seed;
    const auto held = static_cast<double>(outcome->most_footprint_bytes);
    of_live += held / static_cast<double>(outcome->most_live_bytes) / kSeeds;
    most_of_bound = std::max(
        most_of_bound, held / static_cast<double>(FootprintOracle::Bound(
                                  outcome->most_live_bytes, outcome->most_threads)));
  }
  std::printf("held for the most live bytes: %.2f; the worst of the bound: %.2f\n", of_live,
              most_of_bound);
}

}  // namespace
}  // namespace ashlar::stress
