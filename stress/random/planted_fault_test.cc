// Every oracle speaks when its fault is there, that very one and before all others; and with no
// fault all of them are silent.
#include <malloc.h>

#include <memory>
#include <string>

#include "absl/base/config.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "stress/oracle/alignment_oracle.h"
#include "stress/oracle/count_oracle.h"
#include "stress/oracle/footprint_oracle.h"
#include "stress/oracle/homecoming_oracle.h"
#include "stress/oracle/overlap_oracle.h"
#include "stress/oracle/pattern_oracle.h"
#include "stress/oracle/service_oracle.h"
#include "stress/oracle/usable_size_oracle.h"
#include "stress/oracle/zero_oracle.h"
#include "stress/random/mix.h"
#include "stress/random/random_scenario.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/subject/planted_subject.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kLargestBytes = 16 * 1024;

Outcome Try(PlantedFault fault, const RandomOptions& options) {
  const ByteMix mix(kLargestBytes);
  absl::StatusOr<Outcome> outcome = RunTrial(
      "planted", std::make_unique<PlantedSubject>(fault), {.most_threads = WorkersFor(options)},
      nullptr, [&](Trial& trial) { return DriveAtRandom(trial, mix, options); });
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return *std::move(outcome);
}

// What the first oracle that spoke is called.
std::string FirstToSpeak(PlantedFault fault) {
  const Outcome outcome = Try(fault, {.threads = 1, .operations = 60'000});
  return outcome.passed() ? "nobody" : outcome.findings.front().oracle;
}

TEST(PlantedFault, WithoutOneAllOraclesAreSilent) {
  const Outcome outcome = Try(PlantedFault::kNone, {.threads = 4, .operations = 60'000});
  EXPECT_TRUE(outcome.passed()) << outcome.findings.front().oracle << ": "
                                << outcome.findings.front().message;
  EXPECT_GE(outcome.events, 60'000u);
  EXPECT_EQ(outcome.most_threads, 4u);
}

TEST(PlantedFault, ABlockInsideAnotherIsAnOverlap) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kOverlapping), OverlapOracle::kName);
}

TEST(PlantedFault, UsableBytesThatTheNextBlockHasAreAnOverlap) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kOversold), OverlapOracle::kName);
}

TEST(PlantedFault, AnOddAddressIsMisaligned) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kMisaligned), AlignmentOracle::kName);
}

TEST(PlantedFault, ARequestedAlignmentThatIsIgnoredIsMisaligned) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kOveraligned), AlignmentOracle::kName);
}

TEST(PlantedFault, FewerBytesThanAskedForAreAUsableSizeTooSmall) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kShort), UsableSizeOracle::kName);
}

TEST(PlantedFault, AUsableSizeThatChangesIsFound) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kChangingSize), UsableSizeOracle::kName);
}

TEST(PlantedFault, AScribbledByteBreaksThePattern) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kScribbled), PatternOracle::kName);
}

TEST(PlantedFault, BytesLostInAReallocationBreakThePattern) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kForgetful), PatternOracle::kName);
}

TEST(PlantedFault, ARefusedReallocationThatSpoilsTheBlockBreaksThePattern) {
  const Outcome outcome = Try(PlantedFault::kSpoilsOnRefuse, {.threads = 1, .operations = 60'000});
  ASSERT_EQ(outcome.findings.size(), 2u);
  EXPECT_EQ(outcome.findings[0].oracle, ServiceOracle::kName);
  EXPECT_EQ(outcome.findings[1].oracle, PatternOracle::kName);
}

TEST(PlantedFault, ZeroedMemoryThatIsNotIsFound) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kDirty), ZeroOracle::kName);
}

TEST(PlantedFault, ARefusedRequestIsAVerdictAndTheTrialGoesOn) {
  const Outcome outcome = Try(PlantedFault::kRefusing, {.threads = 1, .operations = 60'000});
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].oracle, ServiceOracle::kName);
  EXPECT_GT(outcome.findings[0].times, 100u);
}

TEST(PlantedFault, AFreeThatIsNotCountedIsFound) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kMiscounting), CountOracle::kName);
}

TEST(PlantedFault, NumbersThatDoNotAddUpAreFound) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kInconsistent), CountOracle::kName);
}

TEST(PlantedFault, MemoryThatDoesNotComeHomeIsFound) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kLeaking), HomecomingOracle::kName);
}

TEST(PlantedFault, MemoryThatIsHeldForNobodyIsAFootprintTooLarge) {
  EXPECT_EQ(FirstToSpeak(PlantedFault::kHoarding), FootprintOracle::kName);
}

#if !defined(ABSL_HAVE_ADDRESS_SANITIZER) && !defined(ABSL_HAVE_THREAD_SANITIZER)
TEST(PlantedFault, MemoryThatIsHeldMutelyIsSeenInTheProcess) {
  malloc_trim(0);  // what other tests left resident would hide what this one adds
  EXPECT_EQ(FirstToSpeak(PlantedFault::kHoardingMutely), FootprintOracle::kName);
}
#endif

}  // namespace
}  // namespace ashlar::stress
