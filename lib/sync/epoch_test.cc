#include "ashlar/internal/sync/epoch.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

TEST(Epoch, ARaiseIsSeen) {
  Epoch epoch;
  const std::uint32_t before = epoch.Get();
  EXPECT_EQ(epoch.Raise(), before + 1);
  EXPECT_EQ(epoch.Get(), before + 1);
}

TEST(Epoch, WhatWasChangedBeforeTheRaiseIsVisibleToWhoSeesIt) {
  struct Shared {
    Epoch epoch;
    int changed = 0;
  };
  const auto shared = std::make_unique<Shared>();
  std::thread raiser([&] {
    shared->changed = 1;
    shared->epoch.Raise();
  });
  std::thread looker([&] {
    while (shared->epoch.Get() == 0) {
    }
    EXPECT_EQ(shared->changed, 1);
  });
  raiser.join();
  looker.join();
}

TEST(Turn, ComesOnceInAnInterval) {
  Turn turn;
  EXPECT_FALSE(turn.Claim(99, 100));
  EXPECT_TRUE(turn.Claim(100, 100));
  EXPECT_EQ(turn.last(), 100u);
  EXPECT_FALSE(turn.Claim(100, 100));
  EXPECT_FALSE(turn.Claim(199, 100));
  EXPECT_TRUE(turn.Claim(200, 100));
}

TEST(Turn, IsNotGivenToAClockThatIsBehind) {
  Turn turn;
  ASSERT_TRUE(turn.Claim(1000, 100));
  EXPECT_FALSE(turn.Claim(999, 100));
  EXPECT_FALSE(turn.Claim(100, 100));
  EXPECT_EQ(turn.last(), 1000u);
}

TEST(Turn, IsGivenToOneOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr std::uint64_t kEnd = 1000000;
  constexpr std::uint64_t kInterval = 10;
  Turn turn;
  std::atomic<std::uint64_t> clock = 0;
  std::vector<std::uint64_t> turns[kThreads];
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : turns) {
    threads.emplace_back([&turn, &clock, &start, &mine] {
      start.arrive_and_wait();
      std::uint64_t now;
      while ((now = clock.fetch_add(1, std::memory_order_relaxed)) < kEnd) {
        if (turn.Claim(now, kInterval)) mine.push_back(now);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::uint64_t> all = {0};
  for (const auto& mine : turns) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  ASSERT_GT(all.size(), 1u);
  for (std::size_t i = 1; i < all.size(); ++i) ASSERT_GE(all[i] - all[i - 1], kInterval);
}

}  // namespace
}  // namespace ashlar::internal
