#include "stress/linearizability/history.h"

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "stress/linearizability/checker.h"
#include "stress/linearizability/operation.h"
#include "stress/linearizability/specifications.h"

namespace ashlar::linearizability {
namespace {

TEST(History, RecordsCallsAndResultsInTheirOrder) {
  History history(2, 4);
  history.Record(1, Stack::Push(7), [] {});
  EXPECT_EQ(history.Record(1, Stack::Pop(), [] { return 7; }), 7);
  EXPECT_EQ(history.LaneCount(), 2U);
  EXPECT_EQ(history.OperationCount(), 2U);
  EXPECT_TRUE(history.LaneAt(0).empty());
  const auto calls = history.LaneAt(1);
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].call.first, 7);
  EXPECT_EQ(calls[0].result, kNone);
  EXPECT_EQ(calls[1].result, 7);
  EXPECT_LE(calls[0].invoked, calls[0].responded);
  EXPECT_LE(calls[0].responded, calls[1].invoked);
  EXPECT_LE(calls[1].invoked, calls[1].responded);
}

TEST(History, ACallThatThrowsStaysWithoutAResponse) {
  History history(1, 2);
  EXPECT_THROW(history.Record(0, Stack::Pop(), []() -> Value { throw std::runtime_error("no"); }),
               std::runtime_error);
  ASSERT_EQ(history.OperationCount(), 1U);
  EXPECT_FALSE(history.LaneAt(0)[0].IsComplete());
}

TEST(History, ACopyIsTheSameHistory) {
  History history(2, 2);
  history.Record(0, Stack::Push(7), [] {});
  history.Invoke(1, Stack::Pop());
  History copy(2, 3);
  copy.Record(0, Stack::Push(8), [] {});
  copy.CopyFrom(history);
  ASSERT_EQ(copy.OperationCount(), 2U);
  EXPECT_EQ(copy.LaneAt(0)[0].call.first, 7);
  EXPECT_FALSE(copy.LaneAt(1)[0].IsComplete());
}

TEST(HistoryDeathTest, RefusesWhatIsNoHistory) {
  EXPECT_DEATH(History(1, 1).Respond(0, 1), "a response to no call");
  EXPECT_DEATH(
      {
        History history(1, 2);
        history.Invoke(0, Stack::Pop());
        history.Invoke(0, Stack::Pop());
      },
      "still open");
  EXPECT_DEATH(
      {
        History history(1, 1);
        history.Record(0, Stack::Pop(), [] {});
        history.Record(0, Stack::Pop(), [] {});
      },
      "capacity");
}

// A queue under a mutex, used by ordinary threads. `in_order`: else it hands out what came last.
class LockedQueue {
 public:
  explicit LockedQueue(bool in_order) : in_order_(in_order) {}

  void Push(Value value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(value);
  }
  Value Pop() {
    const std::lock_guard lock(mutex_);
    if (values_.empty()) return kNone;
    const Value value = in_order_ ? values_.front() : values_.back();
    in_order_ ? values_.pop_front() : values_.pop_back();
    return value;
  }

 private:
  const bool in_order_;
  std::mutex mutex_;
  std::deque<Value> values_;
};

History RunThreads(bool in_order) {
  constexpr std::size_t kThreads = 3;
  constexpr Value kRounds = 10;
  LockedQueue queue(in_order);
  History history(kThreads + 1, 3 * kRounds);
  std::vector<std::thread> threads;
  for (std::size_t lane = 0; lane < kThreads; ++lane) {
    threads.emplace_back([&, lane] {
      for (Value i = 0; i < kRounds; ++i) {
        const Value value = static_cast<Value>(lane) * 100 + i;
        history.Record(lane, Queue::Push(value), [&] { queue.Push(value); });
        if (i % 2 == 1) history.Record(lane, Queue::Pop(), [&] { return queue.Pop(); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (history.Record(kThreads, Queue::Pop(), [&] { return queue.Pop(); }) != kNone) {
  }
  return history;
}

TEST(History, OfAQueueUnderAMutexIsLinearizable) {
  const History history = RunThreads(true);
  EXPECT_EQ(Check(history, Queue()), Answer::kYes) << Explain(history, Queue());
}

// In the end some thread's elements come out the wrong way round, however threads interleave.
TEST(History, OfAStackIsNotOneOfAQueue) { EXPECT_EQ(Check(RunThreads(false), Queue()), Answer::kNo); }

}  // namespace
}  // namespace ashlar::linearizability
