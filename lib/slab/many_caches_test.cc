// Caches by the ten thousand: numbers, entries and addresses are used again, and beyond the limits
// things still work.
#include <cstddef>
#include <thread>
#include <vector>

#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr std::size_t kWithMagazines = 4030;
constexpr std::size_t kInAll = 16383;

using Cache = SlabCache<long>;

bool Works(Cache& cache) {
  long* a = cache.New(1);
  long* b = cache.New(2);
  const bool is_good = a != nullptr && b != nullptr && *a == 1 && *b == 2;
  cache.Delete(a);
  cache.Delete(b);
  return is_good && cache.Statistics().live_objects == 0;
}

TEST(ManyCaches, OneAfterTheOtherLeaveNothing) {
  { Cache().Make(1).reset(); }
  const std::size_t before = SystemMemory::GetStatistics().used_bytes;
  for (int i = 0; i < 20000; ++i) {
    Cache cache;
    ASSERT_TRUE(cache.IsValid()) << i;
    ASSERT_TRUE(Works(cache)) << i;
  }
  EXPECT_EQ(SystemMemory::GetStatistics().used_bytes, before);
}

TEST(ManyCaches, FromManyThreadsLeaveNothing) {
  const auto churn = [] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < 1000; ++n) {
          Cache cache;
          ASSERT_TRUE(cache.IsValid());
          ASSERT_TRUE(Works(cache));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  churn();
  const std::size_t before = SystemMemory::GetStatistics().used_bytes;
  for (int round = 0; round < 4; ++round) churn();
  // Tables of threads that overlapped more than before may have come.
  EXPECT_LE(SystemMemory::GetStatistics().used_bytes, before + (std::size_t{1} << 20));
}

TEST(ManyCaches, BeyondThoseWithMagazinesWorkWithout) {
  std::vector<Cache> caches(kWithMagazines + 50);
  for (std::size_t i = 0; i < caches.size(); ++i) {
    ASSERT_TRUE(caches[i].IsValid()) << i;
    ASSERT_TRUE(Works(caches[i])) << i;
  }
  // What the first of them had cached may have gone home by now, unused for so long.
  ASSERT_TRUE(Works(caches.front()));
  EXPECT_GT(caches.front().Statistics().cached_objects, 0u);
  EXPECT_EQ(caches.back().Statistics().cached_objects, 0u);
  caches.clear();
  Cache again;
  EXPECT_TRUE(Works(again));
  EXPECT_GT(again.Statistics().cached_objects, 0u);
}

TEST(ManyCaches, BeyondAllThatCanBeListedAreNotValid) {
  SlabCacheOptions options;
  options.magazine_slots = 0;
  std::vector<Cache> caches;
  while (caches.size() <= kInAll) {
    Cache cache(options);
    if (!cache.IsValid()) break;
    caches.push_back(cache);
  }
  EXPECT_EQ(caches.size(), kInAll);
  EXPECT_EQ(Cache().New(1), nullptr);
  EXPECT_TRUE(Works(caches.back()));
  caches.pop_back();
  Cache in_its_place;
  EXPECT_TRUE(in_its_place.IsValid());
  EXPECT_TRUE(Works(in_its_place));
}

}  // namespace
}  // namespace ashlar
