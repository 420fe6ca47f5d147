// Recording a history under the explorer hides nothing and shows the order of calls.
#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"
#include "stress/linearizability/history.h"
#include "stress/linearizability/operation.h"
#include "stress/linearizability/specifications.h"

namespace ashlar::explorer {
namespace {

using linearizability::History;
using linearizability::Operation;
using linearizability::Register;
using linearizability::Value;

constexpr auto relaxed = std::memory_order_relaxed;

std::atomic<int> x;
std::atomic<int> y;
int data;

void Store(History& history, std::size_t lane, std::atomic<int>& location) {
  history.Record(lane, Register::Write(1), [&] { location.store(1, relaxed); });
}

Value Load(History& history, std::size_t lane, std::atomic<int>& location) {
  return history.Record(lane, Register::Read(), [&] { return Value{location.load(relaxed)}; });
}

void NoteValues(Value first, Value second) {
  NoteOutcome((std::to_string(first) + std::to_string(second)).c_str());
}

// Message passing without an edge: each outcome that there is without recording.
TEST(ExploredHistory, RecordingOrdersNothing) {
  ClearOutcomes();
  const Result result = Explore({.executions = 2'000'000,
                                 .strategy = Strategy::kExhaustive,
                                 .reuse = Reuse::kNever},
                                [] {
                                  History history(2, 2);
                                  InParallel(
                                      [&] {
                                        Store(history, 0, x);
                                        Store(history, 0, y);
                                      },
                                      [&] {
                                        const Value first = Load(history, 1, y);
                                        NoteValues(first, Load(history, 1, x));
                                      });
                                });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.extent, Extent::kComplete);
  EXPECT_EQ(NotedOutcomes(), "00, 01, 10, 11");
}

// A counter that both threads raise, even relaxed, would be an edge here, from fence to fence: a call
// that comes later by the counter could not miss what is stored in front of the fence.
TEST(ExploredHistory, RecordingOrdersNothingBetweenFencesEither) {
  ClearOutcomes();
  ExpectClean([] {
    static Value seen;
    History history(2, 1);
    InParallel(
        [&] {
          x.store(1, relaxed);
          std::atomic_thread_fence(std::memory_order_release);
          Store(history, 0, y);
        },
        [&] {
          Load(history, 1, y);
          std::atomic_thread_fence(std::memory_order_acquire);
          seen = x.load(relaxed);
        });
    const Operation& load = history.LaneAt(1)[0];
    if (history.LaneAt(0)[0].responded < load.invoked) NoteValues(load.result, seen);
  });
  EXPECT_EQ(NotedOutcomes(), "00, 01, 11");
}

TEST(ExploredHistory, ADataRaceBetweenRecordedCallsIsFound) {
  ExpectFailure(Explore({.executions = 100},
                        [] {
                          History history(2, 1);
                          const auto write = [&](std::size_t lane) {
                            history.Record(lane, Register::Write(1), [] { ++data; });
                          };
                          InParallel([&] { write(0); }, [&] { write(1); });
                          ASHLAR_REQUIRE(data == 2);
                        }),
                "data race");
}

TEST(ExploredHistory, TimesOfDifferentThreadsDiffer) {
  ExpectClean([] {
    History history(2, 3);
    const auto work = [&](std::size_t lane) {
      for (int i = 0; i < 3; ++i) Store(history, lane, x);
    };
    InParallel([&] { work(0); }, [&] { work(1); });
    for (const Operation& a : history.LaneAt(0)) {
      for (const Operation& b : history.LaneAt(1)) {
        ASHLAR_REQUIRE(a.invoked != b.invoked && a.invoked != b.responded);
        ASHLAR_REQUIRE(a.responded != b.invoked && a.responded != b.responded);
      }
    }
  });
}

// How one lane's call lies to two of another.
void TwoCallsAndOne() {
  History history(2, 2);
  InParallel(
      [&] {
        Load(history, 0, x);
        Load(history, 0, x);
      },
      [&] { Store(history, 1, y); });  // another location: the calls do not conflict
  const std::span<const Operation> two = history.LaneAt(0);
  const Operation& one = history.LaneAt(1)[0];
  const auto during = [&](const Operation& call) {
    return one.invoked < call.responded && call.invoked < one.responded;
  };
  NoteOutcome(one.responded < two[0].invoked   ? "in front"
              : two[1].responded < one.invoked ? "behind"
              : !during(two[0]) && !during(two[1])
                  ? "between"
                  : !during(two[1]) ? "during 1" : !during(two[0]) ? "during 2" : "during 1 and 2");
}

TEST(ExploredHistory, AWholeCallPassesBetweenTwoOfAnotherThread) {
  ClearOutcomes();
  ExpectClean(TwoCallsAndOne);
  EXPECT_EQ(NotedOutcomes(), "behind, between, during 1, during 1 and 2, during 2, in front");
}

// Of executions that differ in nothing else it takes those in which calls overlap least, which ask
// the most of an object.
TEST(ExploredHistory, AnExhaustiveSearchShowsEachOrderOfCalls) {
  ClearOutcomes();
  const Result result = Explore(
      {.executions = 2'000'000, .strategy = Strategy::kExhaustive, .reuse = Reuse::kNever},
      TwoCallsAndOne);
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.extent, Extent::kComplete);
  EXPECT_EQ(NotedOutcomes(), "behind, between, in front");
}

// Without the step at its end a call whose last access comes after another thread's would be shown
// together with a call of a third, and never in front of it.
TEST(ExploredHistory, AnExhaustiveSearchShowsEachOrderOfCallsThatWaitForOthers) {
  ClearOutcomes();
  const Result result = Explore(
      {.executions = 2'000'000, .strategy = Strategy::kExhaustive, .reuse = Reuse::kNever}, [] {
        History history(2, 1);
        std::thread other([&] { Store(history, 1, y); });
        InParallel([&] { Load(history, 0, x); }, [] { x.store(1, relaxed); });
        other.join();
        const Operation& load = history.LaneAt(0)[0];
        const Operation& store = history.LaneAt(1)[0];
        if (load.result == 1) NoteOutcome(load.responded < store.invoked ? "in front" : "not");
      });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.extent, Extent::kComplete);
  EXPECT_EQ(NotedOutcomes(), "in front, not");
}

}  // namespace
}  // namespace ashlar::explorer
