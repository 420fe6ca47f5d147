// SlabCache<T>::Local: a handle with a magazine of its own.
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

struct Packet {
  explicit Packet(bool fails = false) {
    if (fails) throw std::runtime_error("as asked");
  }
  unsigned char bytes[512];
};

// Exactly one slab.
SlabCacheOptions OneSlab() {
  SlabCacheOptions options;
  options.max_bytes = std::size_t{16} << 10;
  return options;
}

TEST(SlabCacheLocal, MakesObjectsAndFreesThem) {
  SlabCache<Packet> cache;
  SlabCache<Packet>::Local local(cache);
  std::vector<Packet*> packets;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 500; ++i) {
      packets.push_back(local.New());
      ASSERT_NE(packets.back(), nullptr);
    }
    EXPECT_EQ(cache.Statistics().live_objects, 500u);
    for (Packet* packet : packets) local.Delete(packet);
    packets.clear();
    EXPECT_EQ(cache.Statistics().live_objects, 0u);
  }
  local.Delete(nullptr);
}

TEST(SlabCacheLocal, CountsWhatItHoldsAsCached) {
  SlabCache<Packet> cache(OneSlab());
  SlabCache<Packet>::Local local(cache);
  local.Delete(local.New());
  const SlabCacheStatistics statistics = cache.Statistics();
  EXPECT_GT(statistics.cached_objects, 0u);
  EXPECT_EQ(statistics.live_objects, 0u);
  EXPECT_EQ(statistics.cached_objects + statistics.free_objects,
            statistics.slabs * statistics.slots_per_slab);
  local.Flush();
  EXPECT_EQ(cache.Statistics().cached_objects, 0u);
}

TEST(SlabCacheLocal, BringsItsSlotsHomeWhenItEnds) {
  TestingSource source;
  std::optional<SlabCache<Packet>> cache(source);
  {
    SlabCache<Packet>::Local local(*cache);
    local.Delete(local.New());
  }
  EXPECT_EQ(cache->Statistics().cached_objects, 0u);
  cache.reset();
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLocal, KeepsTheCacheAlive) {
  TestingSource source;
  std::optional<SlabCache<Packet>::Local> local;
  local.emplace(SlabCache<Packet>(source));
  Packet* packet = local->New();
  EXPECT_EQ(source.blocks(), 1u);
  local.reset();
  EXPECT_EQ(source.blocks(), 1u);
  SlabCache<Packet>::DeleteAnywhere(packet);
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLocal, AThrowingConstructorGivesTheSlotBack) {
  SlabCache<Packet> cache(OneSlab());
  SlabCache<Packet>::Local local(cache);
  for (int i = 0; i < 100; ++i) {
    EXPECT_THROW(static_cast<void>(local.New(true)), std::runtime_error);
  }
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
}

TEST(SlabCacheLocal, HoldsNoMoreThanTheCachesOptionSays) {
  SlabCacheOptions options = OneSlab();
  for (const std::size_t slots : {0U, 1U, 5U}) {
    options.magazine_slots = slots;
    SlabCache<Packet> cache(options);
    SlabCache<Packet>::Local local(cache);
    std::vector<Packet*> packets;
    for (std::size_t i = 0; i < cache.Statistics().max_objects; ++i) {
      packets.push_back(local.New());
      ASSERT_NE(packets.back(), nullptr) << i;
      ASSERT_LE(cache.Statistics().cached_objects, slots);
    }
    EXPECT_EQ(local.New(), nullptr);
    for (Packet* packet : packets) {
      local.Delete(packet);
      ASSERT_LE(cache.Statistics().cached_objects, slots);
    }
    EXPECT_EQ(cache.Statistics().live_objects, 0u);
    EXPECT_EQ(cache.Statistics().slabs, 1u);
  }
}

TEST(SlabCacheLocal, FindsWhatLiesInMagazinesOfEndedThreads) {
  SlabCache<Packet> cache(OneSlab());
  std::thread([cache]() mutable {
    std::vector<Packet*> packets;
    while (Packet* packet = cache.New()) packets.push_back(packet);
    for (Packet* packet : packets) cache.Delete(packet);
  }).join();
  SlabCache<Packet>::Local local(cache);
  std::vector<Packet*> packets;
  while (Packet* packet = local.New()) packets.push_back(packet);
  EXPECT_EQ(packets.size(), cache.Statistics().max_objects);
  for (Packet* packet : packets) local.Delete(packet);
}

TEST(SlabCacheLocal, OfAnEmptyHandleAnswersNone) {
  SlabCache<Packet> cache;
  const SlabCache<Packet> taken = std::move(cache);
  SlabCache<Packet>::Local local(cache);  // NOLINT: moved from, as meant
  EXPECT_EQ(local.New(), nullptr);
  EXPECT_EQ(local.Allocate(), nullptr);
  local.Flush();
}

TEST(SlabCacheLocal, MayFreeWhatOthersMadeAndLeaveToOthersWhatItMade) {
  SlabCache<Packet> cache;
  SlabCache<Packet>::Local local(cache);
  std::vector<Packet*> packets;
  for (int i = 0; i < 300; ++i) packets.push_back(i % 2 == 0 ? local.New() : cache.New());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i % 3 == 0) {
      cache.Delete(packets[i]);
    } else {
      local.Delete(packets[i]);
    }
  }
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
}

}  // namespace
}  // namespace ashlar
