// Sources that use other caches themselves.
#include <cstddef>
#include <functional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

struct Object {
  unsigned char bytes[1000];
};
using Cache = SlabCache<Object>;

// Does something of its own before it gives a block.
class BusySource {
 public:
  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    if (work) std::exchange(work, nullptr)();
    return source_.Acquire(size_bytes);
  }
  void Release(MemoryBlock block) noexcept { source_.Release(block); }

  std::function<void()> work;  // once

 private:
  TestingSource source_;
};

// While a thread waits for a block, with an empty magazine in its hand, the source sends it through
// a slow path of another cache. There it learns that its magazines are asked for.
TEST(SlabCacheSource, MayUseAnotherCacheWhileARecallIsPending) {
  BusySource source;
  Cache cache(source);
  Cache other;
  std::vector<Object*> others_objects;
  std::vector<Object*> objects;
  bool has_worked = false;
  source.work = [&] {
    std::thread([copy = cache]() mutable { copy.RecallMagazines(); }).join();
    for (int i = 0; i < 10; ++i) others_objects.push_back(other.New());
    has_worked = true;
  };
  while (!has_worked) objects.push_back(cache.New());
  for (int i = 0; i < 200; ++i) {
    objects.push_back(cache.New());
    others_objects.push_back(other.New());
  }
  const std::set<Object*> distinct(objects.begin(), objects.end());
  EXPECT_EQ(distinct.size(), objects.size());
  for (Object* object : others_objects) EXPECT_FALSE(distinct.contains(object));
  for (Object* object : others_objects) other.Delete(object);
  for (Object* object : objects) cache.Delete(object);
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
  EXPECT_EQ(other.Statistics().live_objects, 0u);
  // Nothing was forgotten on the way: everything can come home.
  cache.Trim();
  EXPECT_EQ(cache.Statistics().cached_objects, 0u);
  EXPECT_EQ(cache.Statistics().slabs, 0u);
}

}  // namespace
}  // namespace ashlar
