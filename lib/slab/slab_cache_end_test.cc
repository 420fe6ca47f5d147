// What a cache draws from may go as soon as the last one out is out, whoever tidies up in the cache
// meanwhile: upkeep, threads that bring their magazines home.
#include <atomic>
#include <cstddef>
#include <cstring>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/fixed_region.h"
#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/slab/pool_directory.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

struct Object {
  unsigned char bytes[200];
};
using Cache = SlabCache<Object>;

// A thread that has nothing to do with any cache, and does upkeep in all of them, again and again:
// at the hundred-fold rate of a thread that comes by.
class SlabCacheEnd : public ::testing::Test {
 protected:
  ~SlabCacheEnd() override {
    is_over_.store(true);
    upkeep_.join();
  }

 private:
  std::atomic<bool> is_over_{false};
  std::thread upkeep_{[this] {
    while (!is_over_.load()) internal::PoolDirectory::UpkeepAll();
  }};
};

// Leaves much in the depot, which upkeep then empties.
void Use(Cache& cache) {
  std::vector<Object*> objects;
  for (int i = 0; i < 1500; ++i) objects.push_back(cache.New());
  for (Object* object : objects) cache.Delete(object);
}

constexpr int kRounds = 150;

TEST_F(SlabCacheEnd, TheSourceMayGoRightAfterTheLastHandle) {
  for (int round = 0; round < kRounds; ++round) {
    const auto source = std::make_unique<TestingSource>();
    auto cache = std::make_unique<Cache>(*source);
    Use(*cache);
    cache.reset();
    ASSERT_EQ(source->blocks(), 0u) << "in round " << round;
  }
}

TEST_F(SlabCacheEnd, TheSourceMayGoRightAfterTheLastObject) {
  for (int round = 0; round < kRounds; ++round) {
    const auto source = std::make_unique<TestingSource>();
    auto cache = std::make_unique<Cache>(*source);
    Use(*cache);
    SlabBox<Object> last = cache->Make();
    cache.reset();
    ASSERT_EQ(source->blocks(), 1u);
    last.reset();
    ASSERT_EQ(source->blocks(), 0u) << "in round " << round;
  }
}

TEST_F(SlabCacheEnd, ARegionAndItsBytesMayGoRightAfterTheLastHandle) {
  constexpr std::size_t kBytes = std::size_t{512} << 10;
  const auto bytes = std::make_unique<std::byte[]>(kBytes);
  for (int round = 0; round < 10 * kRounds; ++round) {
    {
      FixedRegion region(bytes.get(), kBytes);
      {
        Cache cache(region);
        Use(cache);
      }
      ASSERT_EQ(region.used_bytes(), 0u) << "in round " << round;
    }
    std::memset(bytes.get(), 0xa5, kBytes);
  }
}

// The other thread brings its magazines home, as it was asked to, while the handle goes.
TEST_F(SlabCacheEnd, TheSourceMayGoThoughAnotherThreadIsFlushingItsMagazines) {
  for (int round = 0; round < kRounds; ++round) {
    const auto source = std::make_unique<TestingSource>();
    auto cache = std::make_unique<Cache>(*source);
    std::latch has_magazines(2);
    std::latch start(2);
    std::thread other([&, copy = std::make_unique<Cache>(*cache)]() mutable {
      Use(*copy);
      copy.reset();
      has_magazines.arrive_and_wait();
      start.arrive_and_wait();
      SlabCache<long> unrelated;
      unrelated.Delete(unrelated.New(1));  // a slow path
    });
    has_magazines.arrive_and_wait();
    cache->RecallMagazines();
    start.arrive_and_wait();
    cache.reset();
    EXPECT_EQ(source->blocks(), 0u) << "in round " << round;
    other.join();
    ASSERT_EQ(source->blocks(), 0u);
  }
}

}  // namespace
}  // namespace ashlar
