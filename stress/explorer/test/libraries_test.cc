// Lock-free containers that nobody here wrote, as Debian ships them, under the explorer: Boost 1.74,
// moodycamel's ConcurrentQueue, oneTBB 2021.8. Plain data goes through each, so that a missing edge
// is a data race. Either clean, or with a true finding, which is asserted to be found.
#include <tbb/concurrent_queue.h>
#include <tbb/spin_mutex.h>

#include <array>
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/lockfree/stack.hpp>
#include <concurrentqueue/concurrentqueue.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

namespace ashlar::explorer {
namespace {

// What goes through the containers; static, so that its accesses are instrumented.
std::array<int, 4> boxes;
std::array<int, 2> sums;

// Whoever takes a box reads and marks it.
int Open(int* box) {
  const int value = *box;
  ASHLAR_REQUIRE(value < 256);  // nobody has had it
  *box = value | 256;
  return value;
}

// Two threads put in two boxes each and take out one each time; all come out, once.
template <typename Push, typename Pop>
void PassBoxes(const Push& push, const Pop& pop) {
  boxes = {1, 2, 4, 8};
  sums = {0, 0};
  const auto work = [&](std::size_t id) {
    for (std::size_t i = 0; i < 2; ++i) {
      while (!push(&boxes[id * 2 + i])) std::this_thread::yield();
      int* box;
      if (pop(&box)) sums[id] += Open(box);
    }
  };
  InParallel([&] { work(0); }, [&] { work(1); });
  int rest = 0;
  for (int* box; pop(&box);) rest += Open(box);
  ASHLAR_REQUIRE(sums[0] + sums[1] + rest == 15);
}

// --- Boost. ---

void SpscQueue() {
  boost::lockfree::spsc_queue<int*, boost::lockfree::capacity<2>> queue;
  boxes = {1, 2, 3, 4};
  InParallel(
      [&] {
        for (std::size_t i = 0; i < boxes.size(); ++i) {
          while (!queue.push(&boxes[i])) std::this_thread::yield();
        }
      },
      [&] {
        for (int expected = 1; expected <= 4;) {
          int* box;
          if (!queue.pop(box)) {
            std::this_thread::yield();
          } else {
            ASHLAR_REQUIRE(Open(box) == expected++);
          }
        }
      });
}

void Stack() {
  boost::lockfree::stack<int*> stack(2);
  PassBoxes([&](int* box) { return stack.push(box); }, [&](int** box) { return stack.pop(*box); });
}

void StackOfFixedCapacity() {
  boost::lockfree::stack<int*, boost::lockfree::capacity<4>> stack;
  PassBoxes([&](int* box) { return stack.push(box); }, [&](int** box) { return stack.pop(*box); });
}

void Queue() {
  boost::lockfree::queue<int*> queue(1);
  PassBoxes([&](int* box) { return queue.push(box); }, [&](int** box) { return queue.pop(*box); });
}

TEST(Boost, TheSpscQueueIsClean) { ExpectClean(SpscQueue, 20000); }

// A node's `next` and the link of the free list that it comes from are one plain word. push() writes it
// to the node that it has been given, while another push() that wants the same node still reads it; the
// tag in the free list's head makes the compare-exchange behind that fail, so nothing comes of the value
// read. By the letter a data race all the same.
TEST(Boost, TheStacksRaceOnNextAndAreRightButForThat) {
  ExpectKnownRaces({"stack.hpp:257 and tagged_ptr_ptrcompression.hpp:44",
                    "stack.hpp:531 and tagged_ptr_ptrcompression.hpp:121",
                    "tagged_ptr_ptrcompression.hpp:121 and tagged_ptr_ptrcompression.hpp:44"},
                   Stack);
  ExpectKnownRaces({"freelist.hpp:296 and stack.hpp:257", "freelist.hpp:301 and stack.hpp:531"},
                   StackOfFixedCapacity);
  for (void (*body)() : {Stack, StackOfFixedCapacity}) {
    const Result result = Explore({.executions = 20000, .races = Races::kIgnore}, body);
    EXPECT_TRUE(result.clean()) << result.report;
  }
}

// The same word is atomic for the queue and plain for its free list.
TEST(Boost, TheQueueRacesOnItsNodesAndIsRightInSequentiallyConsistentMemory) {
  ExpectKnownRaces({"queue.hpp:125 and tagged_ptr_ptrcompression.hpp:44",
                    "queue.hpp:335 and tagged_ptr_ptrcompression.hpp:121",
                    "queue.hpp:342 and tagged_ptr_ptrcompression.hpp:44",
                    "queue.hpp:418 and tagged_ptr_ptrcompression.hpp:121"},
                   Queue);
  const Result result = Explore(
      {.executions = 20000, .races = Races::kIgnore, .weak_memory = false}, Queue);
  EXPECT_TRUE(result.clean()) << result.report;
}

// push() reads tail, then next of the node that it names, and then tail again to be sure that next is
// still that of the last node. The free list writes next plainly, so that reading it orders nothing:
// the second look may be as stale as the first, and the element is linked to a free node. What comes
// behind an undefined access is a candidate more than a verdict; but there is no order that forbids it.
TEST(Boost, TheQueueLosesAnElementInWeakMemory) {
  ExpectFailure(Explore({.executions = 20000, .races = Races::kIgnore}, Queue), "sums[0]");
}

// --- moodycamel. ---

TEST(Moodycamel, TheConcurrentQueueIsClean) {
  const Result result = Explore({.executions = 5000}, [] {
    moodycamel::ConcurrentQueue<int*> queue(32);
    PassBoxes([&](int* box) { return queue.enqueue(box); },
              [&](int** box) { return queue.try_dequeue(*box); });
  });
  EXPECT_TRUE(result.clean()) << result.report;
}

// --- oneTBB. ---

TEST(OneTbb, TheConcurrentQueueIsClean) {
  // oneTBB looks for its allocator's library when it is first used: now, not in each execution.
  tbb::concurrent_queue<int>().push(1);
  const Result result = Explore({.executions = 5000}, [] {
    tbb::concurrent_queue<int*> queue;
    PassBoxes(
        [&](int* box) {
          queue.push(box);
          return true;
        },
        [&](int** box) { return queue.try_pop(*box); });
  });
  EXPECT_TRUE(result.clean()) << result.report;
}

TEST(OneTbb, TheSpinMutexExcludes) {
  ExpectClean([] {
    static int count;
    count = 0;
    tbb::spin_mutex mutex;
    const auto add = [&] {
      const tbb::spin_mutex::scoped_lock lock(mutex);
      ++count;
    };
    std::thread third(add);
    InParallel(add, add);
    third.join();
    ASHLAR_REQUIRE(count == 3);
  });
}

}  // namespace
}  // namespace ashlar::explorer
