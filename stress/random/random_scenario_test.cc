#include "stress/random/random_scenario.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "stress/random/mix.h"
#include "stress/replay/tape_subject.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"

namespace ashlar::stress {
namespace {

constexpr std::uint64_t kOperations = 20'000;

Outcome Record(const RandomOptions& options, Tape& tape) {
  const ByteMix mix(4096);
  absl::StatusOr<Outcome> outcome =
      RunTrial("tape", std::make_unique<TapeSubject>(tape), {.most_threads = WorkersFor(options)},
               nullptr, [&](Trial& trial) { return DriveAtRandom(trial, mix, options); });
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return *std::move(outcome);
}

// What one thread calls, and in which order: a number that stands for it.
std::string CallsOf(std::uint64_t seed) {
  Tape tape;
  Record({.seed = seed, .threads = 1, .operations = kOperations}, tape);
  return absl::StrCat("calls ", std::hash<std::string>()(absl::StrJoin(tape.Calls(), "\n")));
}

TEST(RandomScenario, OneSeedMeansTheSameCallsInEveryProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process that starts anew
  EXPECT_EXIT(
      {
        std::fputs(CallsOf(7).c_str(), stderr);
        std::exit(0);
      },
      testing::ExitedWithCode(0), CallsOf(7));
}

TEST(RandomScenario, AnotherSeedMeansOtherCalls) { EXPECT_NE(CallsOf(7), CallsOf(8)); }

TEST(RandomScenario, EachOperationIsACall) {
  for (const std::uint32_t threads : {1u, 4u}) {
    Tape tape;
    const Outcome outcome = Record({.threads = threads, .operations = kOperations}, tape);
    EXPECT_GE(outcome.events, kOperations);
    std::uint64_t calls = 0;
    for (const std::string& call : tape.Calls()) calls += call != "thread exit" ? 1 : 0;
    EXPECT_EQ(calls, outcome.events);
  }
}

}  // namespace
}  // namespace ashlar::stress
