#include "stress/delays/delays.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

std::atomic<std::uint64_t> g_count = 0;

void Count() {
  for (int i = 0; i < 100'000; ++i) g_count.fetch_add(1, std::memory_order_relaxed);
}

TEST(Delays, ComeAtTheAtomicAccessesOfEachThread) {
  const DelayCounts before = CountDelays();
  std::thread others[] = {std::thread(Count), std::thread(Count)};
  for (std::thread& other : others) other.join();
  EXPECT_EQ(g_count.load(), 200'000u) << "what is delayed is done all the same";
  const DelayCounts after = CountDelays();
  // One in 512 on average, twice 100,000 times.
  EXPECT_GE(after.accesses - before.accesses, 190'000u);
  EXPECT_GE(after.delays - before.delays, 200u);
  EXPECT_LE(after.delays - before.delays, 800u);
}

TEST(Delays, MoveThreadsToOtherProcessors) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "there is no other";
  const DelayCounts before = CountDelays();
  for (int i = 0; i < 3; ++i) std::thread(Count).join();
  EXPECT_GE(CountDelays().moves - before.moves, 1u);
}

}  // namespace
}  // namespace ashlar::stress
