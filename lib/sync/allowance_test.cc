#include "ashlar/internal/sync/allowance.h"

#include <cstdint>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

template <typename Model>
class AllowanceOfEitherModel : public ::testing::Test {};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(AllowanceOfEitherModel, Models);

TYPED_TEST(AllowanceOfEitherModel, DrawsWhatThereIsAndNoMore) {
  Allowance<TypeParam> allowance;
  EXPECT_EQ(allowance.Draw(3), 0u);
  allowance.Grant(5);
  EXPECT_EQ(allowance.Draw(3), 3u);
  EXPECT_EQ(allowance.Draw(3), 2u);
  EXPECT_EQ(allowance.Draw(3), 0u);
  EXPECT_EQ(allowance.Get(), 0u);
}

TYPED_TEST(AllowanceOfEitherModel, DrawAboveLeavesTheFloorOrEverything) {
  Allowance<TypeParam> allowance;
  allowance.Grant(10);
  EXPECT_FALSE(allowance.DrawAbove(6, 5));
  EXPECT_FALSE(allowance.DrawAbove(11, 0));
  EXPECT_FALSE(allowance.DrawAbove(1, UINT64_MAX));
  EXPECT_EQ(allowance.Get(), 10u);
  EXPECT_TRUE(allowance.DrawAbove(5, 5));
  EXPECT_FALSE(allowance.DrawAbove(1, 5));
  EXPECT_TRUE(allowance.DrawAbove(5, 0));
  EXPECT_EQ(allowance.GetAcquired(), 0u);
}

// What a granter did is plain, for the race detector.
struct AllowanceAndBits {
  Allowance<Concurrent> allowance;
  int bits = 0;
};

// A granter writes and grants; a second thread writes too as soon as `has_drawn` says that it may.
template <typename HasDrawn>
void ExpectThatAGrantIsSeenWith(HasDrawn has_drawn) {
  const auto shared = std::make_unique<AllowanceAndBits>();
  std::thread granter([&] {
    shared->bits = 1;
    shared->allowance.Grant(2);
  });
  std::thread drawer([&] {
    while (!has_drawn(shared->allowance)) {
    }
    EXPECT_EQ(shared->bits, 1);
    shared->bits = 2;
  });
  granter.join();
  drawer.join();
}

TEST(Allowance, WhatWasDoneBeforeAGrantIsVisibleToWhoDraws) {
  ExpectThatAGrantIsSeenWith([](Allowance<Concurrent>& a) { return a.Draw(1) == 1; });
}

TEST(Allowance, WhatWasDoneBeforeAGrantIsVisibleToWhoDrawsAboveAFloor) {
  ExpectThatAGrantIsSeenWith([](Allowance<Concurrent>& a) { return a.DrawAbove(1, 1); });
}

TEST(Allowance, WhatWasDoneBeforeAGrantIsVisibleToWhoAsks) {
  ExpectThatAGrantIsSeenWith([](Allowance<Concurrent>& a) { return a.GetAcquired() == 2; });
}

TEST(Allowance, AllThatIsDrawnIsAllThatWasGranted) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kRounds = 300000;
  Allowance<Concurrent> allowance;
  std::uint64_t drawn[kThreads] = {};
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (std::uint64_t& mine : drawn) {
    threads.emplace_back([&allowance, &start, &mine] {
      start.arrive_and_wait();
      std::uint64_t sum = 0;
      for (std::uint64_t round = 0; round < kRounds; ++round) {
        allowance.Grant(3);
        sum += allowance.Draw(round % 7);
        if (allowance.DrawAbove(2, 5)) sum += 2;
      }
      mine = sum;
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::uint64_t all = 0;
  for (const std::uint64_t mine : drawn) all += mine;
  EXPECT_EQ(all + allowance.Get(), kThreads * kRounds * 3);
}

}  // namespace
}  // namespace ashlar::internal
