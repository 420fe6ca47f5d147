// The trace that the main job replays, replayed: the scenario of the main job in every
// configuration.
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "stress/replay/replay.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/subject/heap_subject.h"
#include "stress/trace/trace.h"
#include "stress/trace/trace_reader.h"

namespace ashlar::stress {
namespace {

constexpr char kPath[] = "stress/traces/redis.trace.xz";

const Trace& ShippedTrace() {
  static const auto* const trace = [] {
    absl::StatusOr<Trace> read = ReadTrace(std::string(kPath));
    EXPECT_TRUE(read.ok()) << read.status();
    return new Trace(*std::move(read));
  }();
  return *trace;
}

void ExpectSound(Order order, std::unique_ptr<Subject> subject) {
  Replay replay(ShippedTrace(), order);
  const absl::StatusOr<Outcome> outcome =
      RunTrial("replay", std::move(subject), {.most_threads = WorkersFor(ShippedTrace())}, nullptr,
               [&](Trial& trial) { return replay.Drive(trial); });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_GE(outcome->events, ShippedTrace().summary().calls);
  EXPECT_EQ(outcome->most_threads, ShippedTrace().summary().most_threads);
  for (const Finding& finding : outcome->findings) {
    ADD_FAILURE() << finding.oracle << ": " << finding.message << ", " << finding.times << " times";
  }
}

TEST(ShippedTrace, IsLargeThreadedAndSmallOnDisk) {
  const TraceSummary& summary = ShippedTrace().summary();
  EXPECT_GE(summary.calls, 200'000u);
  EXPECT_GE(summary.most_threads, 4u);
  EXPECT_GE(summary.freed_by_another_thread, 5'000u);
  EXPECT_EQ(summary.skipped_calls, 0u);
  EXPECT_LE(std::filesystem::file_size(kPath), 1'000'000u);
}

TEST(ShippedTrace, AHeapServesItInTheThreadsOwnOrder) {
  ExpectSound(Order::kOwn, HeapSubject::OverSystem());
}

TEST(ShippedTrace, AHeapServesItInTheTotalOrder) {
  ExpectSound(Order::kTotal, HeapSubject::OverSource());
}

}  // namespace
}  // namespace ashlar::stress
