#include "ashlar/internal/sync/handle_count.h"

#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

template <typename Model>
class HandleCountOfEitherModel : public ::testing::Test {};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(HandleCountOfEitherModel, Models);

TYPED_TEST(HandleCountOfEitherModel, TheLastReleaseIsToldSo) {
  HandleCount<TypeParam> count;
  count.Retain();
  count.Retain();
  EXPECT_FALSE(count.Release());
  count.Retain();
  EXPECT_FALSE(count.Release());
  EXPECT_FALSE(count.Release());
  EXPECT_TRUE(count.Release());
}

TEST(HandleCount, WhatWasDoneThroughAnyHandleHappensBeforeTheEnd) {
  constexpr int kThreads = 4;
  struct Shared {
    HandleCount<Concurrent> count;
    int done[kThreads] = {};
    int ends = 0;
  };
  const auto shared = std::make_unique<Shared>();
  for (int i = 1; i < kThreads; ++i) shared->count.Retain();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&shared, i] {
      shared->done[i] = 1;
      if (!shared->count.Release()) return;
      ++shared->ends;
      for (int& done : shared->done) {
        EXPECT_EQ(done, 1);
        done = 2;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared->ends, 1);
}

}  // namespace
}  // namespace ashlar::internal
