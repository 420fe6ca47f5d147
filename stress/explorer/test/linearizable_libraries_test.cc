// Are the queues and stacks of Boost 1.74, moodycamel and oneTBB linearizable? Bodies choose what
// two threads push and pop, and record it.
//
// Real time is asked for in sequentially consistent memory alone, and sequential consistency in weak
// memory: checker.h says why. Races of Boost's are known (libraries_test.cc) and ignored.
#include <tbb/concurrent_queue.h>

#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/lockfree/stack.hpp>
#include <concurrentqueue/concurrentqueue.h>
#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"
#include "stress/explorer/test/linearizable.h"
#include "stress/linearizability/checker.h"
#include "stress/linearizability/history.h"
#include "stress/linearizability/operation.h"
#include "stress/linearizability/specifications.h"

namespace ashlar::explorer {
namespace {

using linearizability::Explain;
using linearizability::History;
using linearizability::kNone;
using linearizability::Precedence;
using linearizability::Queue;
using linearizability::Stack;
using linearizability::Value;

constexpr std::size_t kCalls = 4;  // of a thread
constexpr std::size_t kMain = 2;   // the lane of whoever empties it in the end

History MakeHistory() { return History(3, 2 * kCalls + 1); }

// push(value), pop() = value or kNone; Specification is Stack or Queue.
template <typename Specification, typename Push, typename Pop>
void PushAndPop(const Push& push, const Pop& pop, Precedence precedence, History* failed) {
  History history = MakeHistory();
  const auto work = [&](std::size_t lane) {
    for (std::size_t i = 0; i < kCalls; ++i) {
      if (Choose(2) == 0) {
        const Value value = static_cast<Value>(10 * (lane + 1) + i);
        history.Record(lane, Specification::Push(value), [&] { push(value); });
      } else {
        history.Record(lane, Specification::Pop(), pop);
      }
    }
  };
  InParallel([&] { work(0); }, [&] { work(1); });
  while (history.Record(kMain, Specification::Pop(), pop) != kNone) {}
  RequireLinearizable(history, Specification(), failed, precedence);
}

void BoostStack(Precedence precedence, History* failed) {
  boost::lockfree::stack<Value> stack(1);
  PushAndPop<Stack>([&](Value value) { stack.push(value); },
                    [&] {
                      Value value;
                      return stack.pop(value) ? value : kNone;
                    },
                    precedence, failed);
}

void BoostQueue(Precedence precedence, History* failed) {
  boost::lockfree::queue<Value> queue(1);
  PushAndPop<Queue>([&](Value value) { queue.push(value); },
                    [&] {
                      Value value;
                      return queue.pop(value) ? value : kNone;
                    },
                    precedence, failed);
}

void TbbQueue(Precedence precedence, History* failed) {
  tbb::concurrent_queue<Value> queue;
  PushAndPop<Queue>([&](Value value) { queue.push(value); },
                    [&] {
                      Value value;
                      return queue.try_pop(value) ? value : kNone;
                    },
                    precedence, failed);
}

void MoodycamelQueue(Precedence precedence, History* failed) {
  moodycamel::ConcurrentQueue<Value> queue(32);
  PushAndPop<Queue>([&](Value value) { queue.enqueue(value); },
                    [&] {
                      Value value;
                      return queue.try_dequeue(value) ? value : kNone;
                    },
                    precedence, failed);
}

// One thread pushes, one pops.
template <std::size_t capacity>
void BoostSpscQueue(Precedence precedence, History* failed) {
  boost::lockfree::spsc_queue<Value, boost::lockfree::capacity<capacity>> queue;
  History history = MakeHistory();
  const auto pop = [&] {
    Value value;
    return queue.pop(value) ? value : kNone;
  };
  InParallel(
      [&] {
        for (Value i = 0; i < 4; ++i) {
          history.Record(0, Queue::Push(i), [&] { return Value{queue.push(i)}; });
        }
      },
      [&] {
        for (int i = 0; i < 4; ++i) history.Record(1, Queue::Pop(), pop);
      });
  while (history.Record(kMain, Queue::Pop(), pop) != kNone) {}
  RequireLinearizable(history, Queue(capacity), failed, precedence);
}

using Body = void (*)(Precedence, History*);

Result ExploreInOrder(Body body, History* failed) {
  return Explore({.executions = 5000, .races = Races::kIgnore, .weak_memory = false},
                 [&] { body(Precedence::kRealTime, failed); });
}

Result ExploreInWeakMemory(Body body, History* failed) {
  return Explore({.executions = 5000, .races = Races::kIgnore},
                 [&] { body(Precedence::kProgramOrder, failed); });
}

TEST(LinearizableLibraries, BoostsStack) {
  History failed = MakeHistory();
  const Result in_order = ExploreInOrder(BoostStack, &failed);
  EXPECT_TRUE(in_order.clean()) << Explain(failed, Stack()) << in_order.report;
  const Result weak = ExploreInWeakMemory(BoostStack, &failed);
  EXPECT_TRUE(weak.clean()) << Explain(failed, Stack()) << weak.report;
}

TEST(LinearizableLibraries, BoostsSpscQueue) {
  History failed = MakeHistory();
  const Result in_order = ExploreInOrder(BoostSpscQueue<2>, &failed);
  EXPECT_TRUE(in_order.clean()) << Explain(failed, Queue(2)) << in_order.report;
  const Result weak = ExploreInWeakMemory(BoostSpscQueue<4>, &failed);
  EXPECT_TRUE(weak.clean()) << Explain(failed, Queue(4)) << weak.report;
}

// Store buffering: the pusher finds it full and the popper finds it empty, each as it was. Acquire and
// release promise no more.
TEST(LinearizableLibraries, BoostsSpscQueueIsFullAndEmptyAtOnceInWeakMemory) {
  History failed = MakeHistory();
  ExpectFailure(ExploreInWeakMemory(BoostSpscQueue<2>, &failed), "Answer::kYes");
}

TEST(LinearizableLibraries, BoostsQueueInSequentiallyConsistentMemoryAlone) {
  History failed = MakeHistory();
  const Result in_order = ExploreInOrder(BoostQueue, &failed);
  EXPECT_TRUE(in_order.clean()) << Explain(failed, Queue()) << in_order.report;
  ExpectFailure(ExploreInWeakMemory(BoostQueue, &failed), "Answer::kYes");
}

// A bug of oneTBB 2021.8, mended since: internal_try_pop() reads head_counter relaxed, so that it may
// see it newer than tail_counter, which it reads next, and finds nothing although there is something
// (concurrent_queue.h). x86 does not reorder the two; ARM does.
TEST(LinearizableLibraries, OneTbbsQueueInSequentiallyConsistentMemoryAlone) {
  // It looks for its allocator's library when it is first used: now, not in each execution.
  tbb::concurrent_queue<Value>().push(1);
  History failed = MakeHistory();
  const Result in_order = ExploreInOrder(TbbQueue, &failed);
  EXPECT_TRUE(in_order.clean()) << Explain(failed, Queue()) << in_order.report;
  ExpectFailure(ExploreInWeakMemory(TbbQueue, &failed), "Answer::kYes");
}

// And does not say so: elements of different producers come in any order.
TEST(LinearizableLibraries, MoodycamelsQueueIsNone) {
  History failed = MakeHistory();
  ExpectFailure(ExploreInOrder(MoodycamelQueue, &failed), "Answer::kYes");
}

}  // namespace
}  // namespace ashlar::explorer
