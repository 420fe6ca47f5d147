// Heap under random interleavings: the scenario of the main job, small enough for every
// configuration.
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "ashlar/heap.h"
#include "gtest/gtest.h"
#include "stress/random/mix.h"
#include "stress/random/random_scenario.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/subject/heap_subject.h"
#include "stress/subject/malloc_subject.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

Outcome Try(std::unique_ptr<Subject> subject, std::size_t largest_bytes,
            const RandomOptions& options, TrialOptions trial_options = {}) {
  const ByteMix mix(largest_bytes);
  trial_options.most_threads = WorkersFor(options);
  absl::StatusOr<Outcome> outcome =
      RunTrial("heap", std::move(subject), trial_options, nullptr,
               [&](Trial& trial) { return DriveAtRandom(trial, mix, options); });
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  for (const Finding& finding : outcome->findings) {
    ADD_FAILURE() << finding.oracle << ": " << finding.message << ", " << finding.times
                  << " times, seed " << options.seed;
  }
  EXPECT_GE(outcome->events, options.operations);
  return *std::move(outcome);
}

TEST(Heap, OverTheProcesssMemoryItSurvivesRandomInterleavings) {
  const Outcome outcome = Try(HeapSubject::OverSystem(), kMiB, {.seed = 21, .operations = 250'000});
  EXPECT_EQ(outcome.most_threads, 4u);
}

TEST(Heap, OverASourceOfItsOwnItSurvivesRandomInterleavings) {
  Try(HeapSubject::OverSource(), 256 * 1024, {.seed = 22, .operations = 250'000});
}

TEST(Heap, WithoutMagazinesItSurvivesRandomInterleavings) {
  Try(HeapSubject::OverSystem({.magazine_slots = 0, .keep_empty_slabs = 0}), 64 * 1024,
      {.seed = 23, .operations = 250'000});
}

TEST(Heap, ARegionThatRunsOutSurvivesRandomInterleavings) {
  Try(HeapSubject::OverRegion(2 * kMiB), 64 * 1024, {.seed = 24, .operations = 250'000},
      {.may_run_out = true, .bounds_footprint = false});
}

TEST(Heap, ASmallRegionThatRunsOutSurvivesRandomInterleavings) {
  Try(HeapSubject::OverRegion(64 * 1024), 4 * 1024, {.seed = 25, .operations = 250'000},
      {.may_run_out = true, .bounds_footprint = false});
}

// The oracles themselves, on an allocator that everyone trusts.
TEST(SystemMalloc, SurvivesRandomInterleavings) {
  Try(MakeSystemSubject(), 64 * 1024, {.seed = 26, .operations = 250'000},
      {.bounds_footprint = false});
}

}  // namespace
}  // namespace ashlar::stress
