// Treiber's stack of nodes that are used again: without a tag in its head the explorer finds the ABA
// problem, by the linearizability checker and nothing else; with one it holds.
//
// Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"
#include "stress/explorer/test/linearizable.h"
#include "stress/linearizability/history.h"
#include "stress/linearizability/specifications.h"

namespace ashlar::explorer {
namespace {

using linearizability::History;
using linearizability::kNone;
using linearizability::Precedence;
using linearizability::Stack;
using linearizability::Value;

constexpr std::size_t kNodes = 3;
constexpr std::uint32_t kNobody = 0xff;

enum class Tag : std::uint8_t { kNone, kCounts };

// The numbers 0 .. kNodes - 1; each is in it at most once, and then its node is its place.
//
//   head   | tag, 24 bits: counts pops | number on top, 8 bits; kNobody: empty |
//
// Nothing is ever freed and all is atomic, so that neither a data race nor a use after free tells.
template <Tag tag>
class TreiberStack {
 public:
  void Push(std::uint32_t number) {
    // relaxed: the head is only linked to and checked by the compare-exchange.
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    do {
      // relaxed, published by T1.
      next_[number].store(head & 0xff, std::memory_order_relaxed);
      // release, T1: publishes next. relaxed on failure: as above.
    } while (!head_.compare_exchange_weak(head, (head & ~0xffU) | number,
                                          std::memory_order_release, std::memory_order_relaxed));
  }

  Value Pop() {
    // acquire, T1: next of the node on top.
    std::uint32_t head = head_.load(std::memory_order_acquire);
    while (true) {
      const std::uint32_t number = head & 0xff;
      if (number == kNobody) return kNone;
      // relaxed: whether it is still right, the compare-exchange says; if there is a tag.
      const std::uint32_t next = next_[number].load(std::memory_order_relaxed);
      const std::uint32_t count = tag == Tag::kCounts ? (head & ~0xffU) + 0x100 : 0;
      // acquire on both, T1: as above.
      if (head_.compare_exchange_weak(head, count | next, std::memory_order_acquire,
                                      std::memory_order_acquire)) {
        return number;
      }
    }
  }

 private:
  std::atomic<std::uint32_t> head_ = kNobody;
  std::array<std::atomic<std::uint32_t>, kNodes> next_ = {};
};

// Two threads push and pop as the explorer chooses, each what it holds; then all is taken out.
template <Tag tag>
void PushAndPop(Precedence precedence, History* failed) {
  constexpr std::size_t kCalls = 5;
  constexpr std::size_t kMain = 2;
  TreiberStack<tag> stack;
  History history(3, kNodes + kCalls);
  for (std::uint32_t number = 0; number < kNodes; ++number) {
    history.Record(kMain, Stack::Push(number), [&] { stack.Push(number); });
  }
  const auto work = [&](std::size_t lane) {
    std::array<Value, kCalls> held;
    std::size_t holds = 0;
    for (std::size_t calls = Choose(kCalls + 1); calls > 0; --calls) {
      if (holds > 0 && Choose(2) == 1) {
        std::swap(held[Choose(static_cast<std::uint32_t>(holds))], held[holds - 1]);
        const auto number = static_cast<std::uint32_t>(held[--holds]);
        history.Record(lane, Stack::Push(number), [&] { stack.Push(number); });
      } else {
        held[holds] = history.Record(lane, Stack::Pop(), [&] { return stack.Pop(); });
        if (held[holds] != kNone) ++holds;
      }
    }
  };
  InParallel([&] { work(0); }, [&] { work(1); });
  for (std::size_t i = 0; i < kNodes; ++i) {
    history.Record(kMain, Stack::Pop(), [&] { return stack.Pop(); });
  }
  RequireLinearizable(history, Stack(), failed, precedence);
}

TEST(TreiberStack, WithoutATagANumberIsHandedOutTwice) {
  History failed(3, 8);
  const Result result = Explore({.executions = 20000, .seed = 2, .weak_memory = false}, [&] {
    PushAndPop<Tag::kNone>(Precedence::kRealTime, &failed);
  });
  ExpectFailure(result, "Answer::kYes");
  // Shrunk: the pop that is overtaken, and what the other thread does meanwhile - two pops, a push of
  // the first, and something to see it by. Behind them three pops of the main thread's.
  const std::size_t calls = failed.LaneAt(0).size() + failed.LaneAt(1).size();
  EXPECT_LE(calls, 6U) << Explain(failed, Stack());
  EXPECT_EQ(std::min(failed.LaneAt(0).size(), failed.LaneAt(1).size()), 1U);
  EXPECT_EQ(Explain(failed, Stack()).substr(0, 27), "not linearizable as a stack");
}

TEST(TreiberStack, WithoutATagThatIsFoundInWeakMemoryToo) {
  History failed(3, 8);
  ExpectFailure(Explore({.executions = 20000},
                        [&] { PushAndPop<Tag::kNone>(Precedence::kProgramOrder, &failed); }),
                "Answer::kYes");
}

TEST(TreiberStack, WithATagItIsLinearizable) {
  History failed(3, 8);
  const Result result = Explore({.executions = 20000, .weak_memory = false}, [&] {
    PushAndPop<Tag::kCounts>(Precedence::kRealTime, &failed);
  });
  EXPECT_TRUE(result.clean()) << Explain(failed, Stack()) << result.report;
}

TEST(TreiberStack, WithATagItIsSequentiallyConsistentInWeakMemory) {
  History failed(3, 8);
  const Result result = Explore(
      {.executions = 20000}, [&] { PushAndPop<Tag::kCounts>(Precedence::kProgramOrder, &failed); });
  EXPECT_TRUE(result.clean()) << Explain(failed, Stack()) << result.report;
}

// A pop may find it empty although a push of another thread's is over, where nothing orders the two:
// that is why weak memory is not measured by real time.
TEST(TreiberStack, InWeakMemoryAPopMayMissAPushThatIsOver) {
  History failed(3, 8);
  const Result result = Explore(
      {.executions = 20000}, [&] { PushAndPop<Tag::kCounts>(Precedence::kRealTime, &failed); });
  ExpectFailure(result, "Answer::kYes");
}

}  // namespace
}  // namespace ashlar::explorer
