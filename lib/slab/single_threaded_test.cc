// SlabCache<T, SingleThreaded>: works like the other, shares nothing.
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/fixed_region.h"
#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

struct Node {
  long value;
  Node* next;
};
struct Large {
  unsigned char bytes[100 << 10];
};
using Cache = SlabCache<Node, SingleThreaded>;

void ExpectThatItAddsUp(const SlabCacheStatistics& s) {
  EXPECT_EQ(s.live_objects + s.cached_objects + s.free_objects, s.slabs * s.slots_per_slab);
}

TEST(SingleThreadedCache, MakesObjectsAndFreesThemInAnyOrder) {
  Cache cache;
  std::minstd_rand random(1);
  std::vector<Node*> nodes;
  for (int step = 0; step < 50000; ++step) {
    if (nodes.size() < 3000 && random() % 2 == 0) {
      nodes.push_back(cache.New(step, nullptr));
      ASSERT_NE(nodes.back(), nullptr);
    } else if (!nodes.empty()) {
      std::swap(nodes[random() % nodes.size()], nodes.back());
      cache.Delete(nodes.back());
      nodes.pop_back();
    }
    if (step % 1000 == 0) {
      ASSERT_EQ(cache.Statistics().live_objects, nodes.size());
      ExpectThatItAddsUp(cache.Statistics());
    }
  }
  for (Node* node : nodes) cache.Delete(node);
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
}

TEST(SingleThreadedCache, HandlesAreCopiedAndMoved) {
  TestingSource source;
  std::optional<Cache> a(source);
  Cache b = *a;
  Cache c = std::move(*a);
  EXPECT_FALSE(a->IsValid());
  EXPECT_EQ(a->New(1, nullptr), nullptr);
  EXPECT_TRUE(b == c);
  Node* node = b.New(1, nullptr);
  c.Delete(node);
  EXPECT_EQ(b.Statistics().live_objects, 0u);
  a.reset();
  b = Cache();
  EXPECT_EQ(source.blocks(), 1u);
  c = Cache();
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SingleThreadedCache, LivesAsLongAsItsObjects) {
  TestingSource source;
  std::optional<Cache> cache(source);
  const SlabDelete<Node, SingleThreaded> deleter = cache->Deleter();
  std::vector<Node*> nodes;
  for (int i = 0; i < 5000; ++i) nodes.push_back(cache->New(i, nullptr));
  cache.reset();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    EXPECT_GT(source.blocks(), 0u);
    EXPECT_EQ(nodes[i]->value, static_cast<long>(i));
    deleter(nodes[i]);
  }
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SingleThreadedCache, ServesExactlyItsBound) {
  for (const std::size_t magazine_slots : {0U, 1U, 62U}) {
    SlabCacheOptions options;
    options.max_bytes = std::size_t{64} << 10;
    options.magazine_slots = magazine_slots;
    Cache cache(options);
    const std::size_t capacity = cache.Statistics().max_objects;
    std::vector<Node*> nodes;
    for (int round = 0; round < 3; ++round) {
      while (Node* node = cache.New(0, nullptr)) nodes.push_back(node);
      EXPECT_EQ(nodes.size(), capacity);
      for (Node* node : nodes) cache.Delete(node);
      nodes.clear();
      ExpectThatItAddsUp(cache.Statistics());
    }
  }
}

TEST(SingleThreadedCache, SurvivesAFailingSource) {
  TestingSource source;
  source.GiveOnly(0);
  Cache none(source);
  EXPECT_FALSE(none.IsValid());
  EXPECT_EQ(none.New(1, nullptr), nullptr);
  source.GiveOnly(1);
  Cache cache(source);
  ASSERT_TRUE(cache.IsValid());
  std::vector<Node*> nodes;
  while (Node* node = cache.New(0, nullptr)) nodes.push_back(node);
  EXPECT_GT(nodes.size(), 10000u);
  source.GiveAll();
  Node* more = cache.New(0, nullptr);
  EXPECT_NE(more, nullptr);
  EXPECT_EQ(source.blocks(), 2u);
  cache.Delete(more);
  for (Node* node : nodes) cache.Delete(node);
}

TEST(SingleThreadedCache, ReservesAndTrims) {
  Cache cache;
  EXPECT_TRUE(cache.Reserve(10000));
  const std::size_t slabs = cache.Statistics().slabs;
  EXPECT_GE(slabs * cache.Statistics().slots_per_slab, 10000u);
  cache.Delete(cache.New(1, nullptr));
  EXPECT_EQ(cache.Trim(), slabs * cache.Statistics().slab_bytes);
  EXPECT_EQ(cache.Statistics().slabs, 0u);
}

TEST(SingleThreadedCache, KeepsFewLargeObjects) {
  SlabCache<Large, SingleThreaded> cache;
  std::vector<SlabBox<Large, SingleThreaded>> boxes;
  for (int i = 0; i < 100; ++i) boxes.push_back(cache.Make());
  boxes.clear();
  EXPECT_LE(cache.Statistics().cached_objects, 4u);
  EXPECT_LE(cache.Statistics().slabs, 2u);
}

TEST(SingleThreadedCache, CachesThatShareARegionEndOneByOne) {
  const auto bytes = std::make_unique<std::byte[]>(1 << 20);
  SingleThreadedRegion region(bytes.get(), 1 << 20);
  ASSERT_EQ(region.status(), AddStatus::kAdded);
  std::optional<SlabCache<Node, SingleThreaded>> a(region);
  std::optional<SlabCache<double, SingleThreaded>> b(region);
  std::vector<Node*> nodes;
  for (int i = 0; i < 2000; ++i) nodes.push_back(a->New(i, nullptr));
  std::vector<double*> doubles;
  for (int i = 0; i < 2000; ++i) doubles.push_back(b->New(i));
  for (double* d : doubles) b->Delete(d);
  b.reset();
  EXPECT_FALSE(region.IsIdle());
  // What b left serves a; what a has is still a's.
  for (int i = 2000; i < 8000; ++i) nodes.push_back(a->New(i, nullptr));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    ASSERT_EQ(nodes[i]->value, static_cast<long>(i));
    a->Delete(nodes[i]);
  }
  a.reset();
  EXPECT_TRUE(region.IsIdle());
}

TEST(SingleThreadedCache, MayMoveToAnotherThread) {
  Cache cache;
  Node* node = cache.New(7, nullptr);
  std::thread([&] {
    EXPECT_EQ(node->value, 7);
    cache.Delete(node);
    node = cache.New(8, nullptr);
  }).join();
  EXPECT_EQ(node->value, 8);
  cache.Delete(node);
}

}  // namespace
}  // namespace ashlar
