#include "ashlar/internal/sync/free_word.h"

#include <bit>
#include <cstdint>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

template <typename Model>
class FreeWordOfEitherModel : public ::testing::Test {};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(FreeWordOfEitherModel, Models);

TYPED_TEST(FreeWordOfEitherModel, GiveTellsWhatWasFreeBefore) {
  FreeWord<TypeParam> word;
  word.Initialize(0b0101);
  EXPECT_EQ(word.Give(0b0010), 0b0101u);
  EXPECT_EQ(word.Give(0b1010), 0b0111u);  // bit 1 was given twice: the answer has it
  EXPECT_EQ(word.Look(), 0b1111u);
}

TYPED_TEST(FreeWordOfEitherModel, TakeGetsWhatIsFreeAndNoMore) {
  FreeWord<TypeParam> word;
  word.Initialize(0b0110);
  EXPECT_EQ(word.Take(0b0011), 0b0010u);
  EXPECT_EQ(word.Take(0b0011), 0u);
  EXPECT_EQ(word.Guess(), 0b0100u);
  EXPECT_EQ(word.Take(~std::uint64_t{0}), 0b0100u);
  EXPECT_EQ(word.Look(), 0u);
}

// The data behind the edge is plain, for the race detector.
struct WordAndSlots {
  FreeWord<Concurrent> word;
  int slots[64] = {};
};

TEST(FreeWord, WhatWasDoneBeforeAGiveHappensBeforeWhatFollowsTheTake) {
  const auto shared = std::make_unique<WordAndSlots>();
  std::thread giver([&] {
    shared->slots[5] = 1;
    EXPECT_EQ(shared->word.Give(1 << 5), 0u);
  });
  std::thread taker([&] {
    while (shared->word.Take(1 << 5) == 0) {
    }
    EXPECT_EQ(shared->slots[5], 1);
    shared->slots[5] = 2;
  });
  giver.join();
  taker.join();
}

TEST(FreeWord, ABitThatManyWantIsGotByOne) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 300000;
  const auto shared = std::make_unique<WordAndSlots>();
  shared->word.Initialize(0xff);
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&shared, &start, id] {
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) {
        const std::uint64_t wish = std::uint64_t{0b111} << ((round + id) % 6);
        const std::uint64_t mine = shared->word.Take(wish);
        for (std::uint64_t bits = mine; bits != 0; bits &= bits - 1) {
          int& slot = shared->slots[std::countr_zero(bits)];
          ASSERT_EQ(slot, 0) << "two threads have it";
          slot = 1;
          slot = 0;
        }
        if (mine != 0) {
          ASSERT_EQ(shared->word.Give(mine) & mine, 0u);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared->word.Look(), 0xffu);
}

}  // namespace
}  // namespace ashlar::internal
