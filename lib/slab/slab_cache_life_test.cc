// The cache lives while any handle or any object lives; the last one out returns all memory.
#include <cstddef>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <semaphore>
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
  long value = 0;
  unsigned char more[56];
};
using Cache = SlabCache<Object>;

// A thread that does what it is told, step by step, and lives as long as it is wanted.
class Companion {
 public:
  Companion() : thread_([this] { Run(); }) {}
  ~Companion() {
    if (thread_.joinable()) End();
  }
  template <typename F>
  void Do(F f) {
    work_ = std::move(f);
    go_.release();
    done_.acquire();
  }
  void End() {
    work_ = nullptr;
    go_.release();
    thread_.join();
  }

 private:
  void Run() {
    while (true) {
      go_.acquire();
      if (!work_) return;
      work_();
      done_.release();
    }
  }

  std::function<void()> work_;
  std::binary_semaphore go_{0};
  std::binary_semaphore done_{0};
  std::thread thread_;
};

// Makes the calling thread enter a slow path, of a cache of no other use.
void EnterASlowPath() {
  SlabCache<long> other;
  other.Delete(other.New(1));
}

TEST(SlabCacheLife, TheLastHandleReturnsEverythingAtOnce) {
  TestingSource source;
  {
    Cache cache(source);
    const Cache second = cache;
    std::vector<Object*> objects;
    for (int i = 0; i < 40000; ++i) objects.push_back(cache.New());
    EXPECT_GT(source.blocks(), 1u);
    for (Object* object : objects) cache.Delete(object);
  }
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLife, ObjectsOutliveEveryHandle) {
  TestingSource source;
  std::vector<SlabBox<Object>> boxes;
  {
    Cache cache(source);
    for (int i = 0; i < 1000; ++i) {
      boxes.push_back(cache.Make());
      boxes.back()->value = i;
    }
  }
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(boxes[static_cast<std::size_t>(i)]->value, i);
    EXPECT_GT(source.blocks(), 0u);
    boxes[static_cast<std::size_t>(i)].reset();
  }
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLife, AThreadThatNeverAllocatedFreesTheLastObject) {
  TestingSource source;
  SlabBox<Object> box = Cache(source).Make();
  ASSERT_TRUE(box);
  std::thread([&box] { box.reset(); }).join();
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLife, TheSystemsMemoryComesBackToo) {
  EnterASlowPath();  // tables that stay
  Cache().Make().reset();
  const std::size_t before = SystemMemory::GetStatistics().used_bytes;
  SlabBox<Object> last;
  {
    Cache cache;
    std::vector<Object*> objects;
    for (int i = 0; i < 10000; ++i) objects.push_back(cache.New());
    EXPECT_GT(SystemMemory::GetStatistics().used_bytes, before + 10000 * sizeof(Object));
    last = cache.Make();
    for (Object* object : objects) cache.Delete(object);
  }
  EXPECT_GT(SystemMemory::GetStatistics().used_bytes, before);
  last.reset();
  EXPECT_EQ(SystemMemory::GetStatistics().used_bytes, before);
}

TEST(SlabCacheLife, AMagazineOfAThreadThatEndedIsNoReasonToStay) {
  TestingSource source;
  std::optional<Cache> cache(source);
  std::thread([copy = *cache]() mutable {
    for (int i = 0; i < 100; ++i) copy.Delete(copy.New());
  }).join();
  cache.reset();
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLife, AMagazineOfALivingThreadIsDroppedAtItsNextSlowPath) {
  TestingSource source;
  Companion companion;
  std::optional<Cache> cache(source);
  companion.Do([copy = *cache]() mutable { copy.Delete(copy.New()); });
  companion.Do([] {});  // the copy is gone
  cache.reset();
  companion.Do([] { EnterASlowPath(); });
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLife, AMagazineOfALivingThreadIsDroppedAtItsEnd) {
  TestingSource source;
  Companion companion;
  std::optional<Cache> cache(source);
  companion.Do([copy = *cache]() mutable { copy.Delete(copy.New()); });
  companion.Do([] {});
  cache.reset();
  companion.End();
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLife, TheLastObjectMayGoIntoAMagazineOfAnyThread) {
  TestingSource source;
  Companion companion;
  SlabBox<Object> last;
  {
    Cache cache(source);
    // The companion has a magazine with room.
    companion.Do([&cache] { cache.Delete(cache.New()); });
    last = cache.Make();
  }
  EXPECT_EQ(source.blocks(), 1u);
  companion.Do([&last] { last.reset(); });
  companion.Do([] { EnterASlowPath(); });
  EXPECT_EQ(source.blocks(), 0u);
}

// A handle and an object go at the same moment, in threads that have magazines: one of them is the
// last, and it knows.
TEST(SlabCacheLife, LastHandleAndLastObjectMayRace) {
  Companion holder;
  for (int round = 0; round < 1000; ++round) {
    TestingSource source;
    {
      Cache cache(source);
      holder.Do([&cache] { cache.Delete(cache.New()); });
      SlabBox<Object> box = cache.Make();
      SlabBox<Object> second = cache.Make();
      std::latch start(3);
      std::thread a([&start, object = std::move(box)]() mutable {
        start.arrive_and_wait();
        object.reset();
      });
      std::thread b([&start, object = std::move(second), copy = cache]() mutable {
        start.arrive_and_wait();
        copy.Delete(object.release());
      });
      auto mine = std::make_unique<Cache>(std::move(cache));
      start.arrive_and_wait();
      mine.reset();
      a.join();
      b.join();
    }
    holder.Do([] { EnterASlowPath(); });
    ASSERT_EQ(source.blocks(), 0u) << "in round " << round;
  }
}

TEST(SlabCacheLife, ManyThreadsLeaveTogether) {
  constexpr unsigned kThreads = 4;
  for (int round = 0; round < 300; ++round) {
    TestingSource source;
    {
      std::optional<Cache> cache(source);
      std::latch start(kThreads);
      std::vector<std::thread> threads;
      for (unsigned i = 0; i < kThreads; ++i) {
        threads.emplace_back([&start, i, copy = std::optional<Cache>(*cache)]() mutable {
          std::vector<SlabBox<Object>> boxes;
          for (int n = 0; n < 50; ++n) boxes.push_back(copy->Make());
          start.arrive_and_wait();
          if (i % 2 == 0) {
            copy.reset();
            boxes.clear();
          } else {
            boxes.clear();
            copy.reset();
          }
        });
      }
      cache.reset();
      for (std::thread& thread : threads) thread.join();
    }
    ASSERT_EQ(source.blocks(), 0u) << "in round " << round;
  }
}

TEST(SlabCacheLife, AnObjectMayHoldTheLastHandleOfItsOwnCache) {
  struct Selfish {
    explicit Selfish(const SlabCache<Selfish>& c) : cache(c) {}
    SlabCache<Selfish> cache;
  };
  TestingSource source;
  {
    SlabBox<Selfish> box;
    {
      SlabCache<Selfish> cache(source);
      box = cache.Make(cache);
    }
    EXPECT_EQ(source.blocks(), 1u);
  }
  EXPECT_EQ(source.blocks(), 0u);
}

}  // namespace
}  // namespace ashlar
