// SlabCache under random interleavings: the scenario of the main job, small enough for every
// configuration.
#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "stress/random/mix.h"
#include "stress/random/random_scenario.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/subject/slab_cache_subject.h"

namespace ashlar::stress {
namespace {

template <std::size_t kSizeBytes, std::size_t kAlignment>
void ExpectSound(SlabMemory memory, const SlabCacheOptions& cache_options,
                 const RandomOptions& options) {
  using T = Parcel<kSizeBytes, kAlignment>;
  const ObjectMix mix(sizeof(T), alignof(T));
  const absl::StatusOr<Outcome> outcome = RunTrial(
      "slab cache", std::make_unique<SlabCacheSubject<T>>(memory, cache_options),
      {.most_threads = WorkersFor(options),
       .may_run_out = cache_options.max_bytes != SIZE_MAX || memory == SlabMemory::kRegion},
      nullptr, [&](Trial& trial) { return DriveAtRandom(trial, mix, options); });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_GE(outcome->events, options.operations);
  for (const Finding& finding : outcome->findings) {
    ADD_FAILURE() << finding.oracle << ": " << finding.message << ", " << finding.times
                  << " times, seed " << options.seed;
  }
}

TEST(SlabCache, ObjectsOfOneByteSurviveRandomInterleavings) {
  ExpectSound<1, 1>(SlabMemory::kShared, {}, {.seed = 11, .operations = 250'000});
}

TEST(SlabCache, ObjectsOf24BytesSurviveRandomInterleavings) {
  ExpectSound<24, 8>(SlabMemory::kCounted, {}, {.seed = 12, .operations = 250'000});
}

TEST(SlabCache, ObjectsOf64BytesSurviveRandomInterleavings) {
  ExpectSound<64, 64>(SlabMemory::kShared, {}, {.seed = 13, .operations = 250'000});
}

TEST(SlabCache, OverAlignedObjectsSurviveRandomInterleavings) {
  ExpectSound<128, 128>(SlabMemory::kCounted, {}, {.seed = 14, .operations = 250'000});
}

TEST(SlabCache, ObjectsOfAPageSurviveRandomInterleavings) {
  ExpectSound<4096, 16>(SlabMemory::kShared, {}, {.seed = 15, .operations = 250'000});
}

TEST(SlabCache, AnExhaustedCacheSurvivesRandomInterleavings) {
  ExpectSound<64, 64>(SlabMemory::kShared, {.max_bytes = 128 * 1024},
                      {.seed = 16, .operations = 250'000});
}

TEST(SlabCache, ACacheOverAFullRegionSurvivesRandomInterleavings) {
  ExpectSound<64, 64>(SlabMemory::kRegion, {}, {.seed = 18, .operations = 250'000});
}

TEST(SlabCache, ACacheWithoutMagazinesSurvivesRandomInterleavings) {
  ExpectSound<24, 8>(SlabMemory::kShared, {.keep_empty_slabs = 0, .magazine_slots = 0},
                     {.seed = 17, .operations = 250'000});
}

}  // namespace
}  // namespace ashlar::stress
