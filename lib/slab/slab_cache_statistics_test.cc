// Statistics that add up, Reserve, Trim and the empty slabs that are kept.
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

struct Object {
  unsigned char bytes[512];
};
using Cache = SlabCache<Object>;

// Empty slabs go, but for `keep`; each free goes straight home, so that slabs are empty at once.
SlabCacheOptions Keeping(std::size_t keep) {
  SlabCacheOptions options;
  options.keep_empty_slabs = keep;
  options.magazine_slots = 0;
  return options;
}

void ExpectThatItAddsUp(const SlabCacheStatistics& s) {
  EXPECT_EQ(s.live_objects + s.cached_objects + s.free_objects, s.slabs * s.slots_per_slab);
  EXPECT_LE(s.footprint_bytes, s.slabs * s.slab_bytes);
}

TEST(SlabCacheStatistics, OfANewCacheAreZero) {
  const SlabCacheStatistics s = Cache().Statistics();
  EXPECT_EQ(s.live_objects + s.cached_objects + s.free_objects + s.slabs + s.footprint_bytes, 0u);
  EXPECT_EQ(s.slot_bytes, sizeof(Object));
  EXPECT_EQ(s.slots_per_slab, s.slab_bytes / sizeof(Object));
  EXPECT_EQ(s.max_objects, SIZE_MAX);
}

TEST(SlabCacheStatistics, AddUpAtEachStep) {
  Cache cache;
  std::minstd_rand random(1);
  std::vector<Object*> objects;
  for (int step = 0; step < 20000; ++step) {
    if (random() % 1000 < (step / 5000 % 2 == 0 ? 600u : 400u)) {
      objects.push_back(cache.New());
    } else if (!objects.empty()) {
      std::swap(objects[random() % objects.size()], objects.back());
      cache.Delete(objects.back());
      objects.pop_back();
    }
    const SlabCacheStatistics s = cache.Statistics();
    ASSERT_EQ(s.live_objects, objects.size());
    ASSERT_EQ(s.live_objects + s.cached_objects + s.free_objects, s.slabs * s.slots_per_slab);
  }
  for (Object* object : objects) cache.Delete(object);
}

TEST(SlabCacheStatistics, AddUpOnceThreadsAreQuiet) {
  Cache cache;
  for (int round = 0; round < 30; ++round) {
    std::vector<std::vector<Object*>> kept(4);
    std::vector<std::thread> threads;
    for (std::vector<Object*>& mine : kept) {
      threads.emplace_back([&cache, &mine, seed = round * 4 + &mine - kept.data()] {
        std::minstd_rand random(static_cast<unsigned>(seed) + 1);
        for (int step = 0; step < 1000; ++step) {
          if (mine.empty() || random() % 5 < 3) {
            mine.push_back(cache.New());
          } else {
            cache.Delete(mine.back());
            mine.pop_back();
          }
          // Asked while others are at work they are about right, and do no harm.
          if (step % 100 == 0) static_cast<void>(cache.Statistics());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::size_t live = 0;
    for (const std::vector<Object*>& mine : kept) live += mine.size();
    EXPECT_EQ(cache.Statistics().live_objects, live);
    ExpectThatItAddsUp(cache.Statistics());
    for (const std::vector<Object*>& mine : kept) {
      for (Object* object : mine) cache.Delete(object);
    }
    EXPECT_EQ(cache.Statistics().live_objects, 0u);
    ExpectThatItAddsUp(cache.Statistics());
  }
}

TEST(SlabCacheReserve, MakesRoomBeforehand) {
  Cache cache;
  EXPECT_TRUE(cache.Reserve(1000));
  const SlabCacheStatistics s = cache.Statistics();
  EXPECT_GE(s.free_objects, 1000u);
  std::vector<Object*> objects;
  for (int i = 0; i < 1000; ++i) objects.push_back(cache.New());
  EXPECT_EQ(cache.Statistics().slabs, s.slabs);
  for (Object* object : objects) cache.Delete(object);
}

TEST(SlabCacheReserve, BeyondTheBoundIsFalseAndNothingChanged) {
  SlabCacheOptions options = Keeping(1);
  options.max_bytes = std::size_t{64} << 10;
  Cache cache(options);
  EXPECT_FALSE(cache.Reserve(cache.Statistics().max_objects + 1));
  EXPECT_EQ(cache.Statistics().slabs, 0u);
  EXPECT_FALSE(cache.Reserve(SIZE_MAX));
  EXPECT_FALSE(Cache().Reserve(SIZE_MAX));
  EXPECT_TRUE(cache.Reserve(cache.Statistics().max_objects));
  EXPECT_EQ(cache.Statistics().slabs, 4u);
}

TEST(SlabCacheTrim, GivesBackWhatIsEmptyAndSaysHowMuch) {
  Cache cache;
  std::vector<Object*> objects;
  for (int i = 0; i < 1000; ++i) objects.push_back(cache.New());
  Object* stays = objects.back();
  objects.pop_back();
  for (Object* object : objects) cache.Delete(object);
  const SlabCacheStatistics before = cache.Statistics();
  EXPECT_EQ(cache.Trim(), (before.slabs - 1) * before.slab_bytes);
  EXPECT_EQ(cache.Statistics().slabs, 1u);
  EXPECT_EQ(cache.Statistics().cached_objects, 0u);
  EXPECT_EQ(cache.Trim(), 0u);
  cache.Delete(stays);
  EXPECT_EQ(cache.Trim(), before.slab_bytes);
  EXPECT_EQ(cache.Statistics().footprint_bytes, 0u);
}

TEST(SlabCacheKeepEmptySlabs, SoManyStayAndNoMore) {
  for (const std::size_t keep : {0U, 1U, 3U, 100U}) {
    Cache cache(Keeping(keep));
    const std::size_t per_slab = cache.Statistics().slots_per_slab;
    std::vector<Object*> objects;
    for (std::size_t i = 0; i < 10 * per_slab; ++i) objects.push_back(cache.New());
    EXPECT_EQ(cache.Statistics().slabs, 10u);
    for (Object* object : objects) cache.Delete(object);
    EXPECT_EQ(cache.Statistics().slabs, keep < 10 ? keep : 10) << keep;
    ExpectThatItAddsUp(cache.Statistics());
  }
}

TEST(SlabCacheKeepEmptySlabs, AllOfThemMayStay) {
  Cache cache(Keeping(SIZE_MAX));
  ASSERT_TRUE(cache.Reserve(1000));
  const std::size_t slabs = cache.Statistics().slabs;
  std::vector<Object*> objects;
  for (int i = 0; i < 1000; ++i) objects.push_back(cache.New());
  for (Object* object : objects) cache.Delete(object);
  EXPECT_EQ(cache.Statistics().slabs, slabs);
  EXPECT_EQ(cache.Trim(), slabs * cache.Statistics().slab_bytes);
}

// At the boundary of a full and an empty slab a kept one spares the making of a slab each time: the
// same slot comes again. None kept: each step makes and retires one.
TEST(SlabCacheKeepEmptySlabs, SpareTheBoundaryItsThrash) {
  Cache cache(Keeping(1));
  std::vector<Object*> objects;
  for (std::size_t i = 0; i < cache.Statistics().slots_per_slab; ++i) {
    objects.push_back(cache.New());
  }
  for (int step = 0; step < 100; ++step) {
    Object* over = cache.New();
    ASSERT_EQ(cache.Statistics().slabs, 2u);
    cache.Delete(over);
    ASSERT_EQ(cache.Statistics().slabs, 2u);
  }
  for (Object* object : objects) cache.Delete(object);

  Cache thrifty(Keeping(0));
  for (int step = 0; step < 100; ++step) {
    Object* object = thrifty.New();
    ASSERT_EQ(thrifty.Statistics().slabs, 1u);
    thrifty.Delete(object);
    ASSERT_EQ(thrifty.Statistics().slabs, 0u);
  }
}

}  // namespace
}  // namespace ashlar
