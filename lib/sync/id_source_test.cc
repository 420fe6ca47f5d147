#include "ashlar/internal/sync/id_source.h"

#include <algorithm>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

TEST(IdSource, NumbersBeginAtOneAndARangeIsWhole) {
  IdSource source;
  EXPECT_EQ(source.Next(1), 1u);
  EXPECT_EQ(source.Next(5), 2u);
  EXPECT_EQ(source.Next(1), 7u);
}

TEST(IdSource, NoNumberIsHandedOutTwice) {
  constexpr int kThreads = 3;
  constexpr int kEach = 300000;
  IdSource source;
  std::vector<std::uint64_t> numbers[kThreads];
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : numbers) {
    threads.emplace_back([&source, &start, &mine] {
      start.arrive_and_wait();
      for (int i = 0; i < kEach; ++i) mine.push_back(source.Next(2));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::uint64_t> all;
  for (const auto& mine : numbers) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], 1 + 2 * i);
}

}  // namespace
}  // namespace ashlar::internal
