#include "ashlar/internal/sync/tally.h"

#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

template <typename Model>
class TallyOfEitherModel : public ::testing::Test {};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(TallyOfEitherModel, Models);

TYPED_TEST(TallyOfEitherModel, GoesUpAndDownAndBelowZero) {
  Tally<TypeParam> tally;
  EXPECT_EQ(tally.Get(), 0);
  tally.Add(5);
  tally.Subtract(7);
  EXPECT_EQ(tally.Get(), -2);
  tally.Set(9);
  EXPECT_EQ(tally.Get(), 9);
}

TEST(Tally, IsExactOnceTheThreadsAreQuiet) {
  Tally<Concurrent> tally;
  std::latch start(3);
  std::vector<std::thread> threads;
  for (int i = 1; i <= 3; ++i) {
    threads.emplace_back([&tally, &start, i] {
      start.arrive_and_wait();
      for (int k = 0; k < 500000; ++k) {
        tally.Add(2 * i);
        tally.Subtract(i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tally.Get(), 3000000);
}

TEST(OwnedWord, OthersMayLookWhileItsOwnerWrites) {
  OwnedWord<std::uint32_t> word(1);
  constexpr std::uint32_t kEnd = 1000000;
  std::thread owner([&word] {
    while (word.Get() < kEnd) word.Set(word.Get() + 1);
  });
  for (std::uint32_t last = 0; last < kEnd;) {
    const std::uint32_t seen = word.Get();
    EXPECT_GE(seen, last) << "a word does not go back";
    last = seen;
  }
  owner.join();
}

}  // namespace
}  // namespace ashlar::internal
