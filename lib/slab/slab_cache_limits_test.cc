// Exhaustion, failing sources, bounded caches.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <latch>
#include <memory>
#include <random>
#include <semaphore>
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

constexpr unsigned kThreads = 4;

struct Buffer {
  unsigned owner;  // plain: the race detector watches it
  unsigned char bytes[508];
};
using Pool = SlabCache<Buffer>;

// 32 buffers: one slab of 16 KiB.
SlabCacheOptions PoolOf32(std::size_t magazine_slots) {
  SlabCacheOptions options;
  options.max_bytes = std::size_t{16} << 10;
  options.magazine_slots = magazine_slots;
  return options;
}

template <typename Body>
void InThreads(Body body) {
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) threads.emplace_back(body, thread);
  for (std::thread& thread : threads) thread.join();
}

std::vector<Buffer*> TakeAll(Pool& pool) {
  std::vector<Buffer*> buffers;
  while (Buffer* buffer = pool.New()) buffers.push_back(buffer);
  return buffers;
}
void DeleteAll(Pool& pool, const std::vector<Buffer*>& buffers) {
  for (Buffer* buffer : buffers) pool.Delete(buffer);
}

// A thread that does what it is told, step by step.
class Companion {
 public:
  ~Companion() {
    work_ = nullptr;
    go_.release();
    thread_.join();
  }
  void Do(std::function<void()> work) {
    Begin(std::move(work));
    Await();
  }
  void Begin(std::function<void()> work) {
    work_ = std::move(work);
    go_.release();
  }
  void Await() { done_.acquire(); }

 private:
  void Run() {
    for (go_.acquire(); work_; go_.acquire()) {
      work_();
      done_.release();
    }
  }

  std::function<void()> work_;
  std::binary_semaphore go_{0};
  std::binary_semaphore done_{0};
  std::thread thread_{[this] { Run(); }};
};

TEST(SlabCacheLimits, ExhaustionIsNullAndNothingChanged) {
  const auto bytes = std::make_unique<std::byte[]>(64 << 10);
  FixedRegion region(bytes.get(), 64 << 10);
  Pool pool(region);
  const std::vector<Buffer*> all = TakeAll(pool);
  EXPECT_GT(all.size(), 80u);
  const std::size_t used = region.used_bytes();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(pool.New(), nullptr);
    EXPECT_FALSE(pool.Make());
    EXPECT_EQ(pool.Allocate(), nullptr);
  }
  EXPECT_EQ(region.used_bytes(), used);
  EXPECT_EQ(pool.Statistics().live_objects, all.size());
  DeleteAll(pool, all);
  std::vector<Buffer*> again = TakeAll(pool);
  std::sort(again.begin(), again.end());
  std::vector<Buffer*> sorted = all;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(again, sorted);
  DeleteAll(pool, again);
}

TEST(SlabCacheLimits, ASourceThatFailsAtAnyBlockIsSurvived) {
  for (std::size_t blocks = 0; blocks < 6; ++blocks) {
    TestingSource source;
    source.GiveOnly(blocks);
    {
      Pool pool(source);
      EXPECT_EQ(pool.IsValid(), blocks > 0);
      const std::vector<Buffer*> all = TakeAll(pool);
      EXPECT_EQ(source.blocks(), blocks);
      EXPECT_GT(source.refused(), 0u);
      EXPECT_EQ(all.empty(), blocks == 0);
      if (blocks > 0) {
        source.GiveOnly(1);
        Buffer* more = pool.New();
        EXPECT_NE(more, nullptr);
        pool.Delete(more);
      }
      DeleteAll(pool, all);
    }
    EXPECT_EQ(source.blocks(), 0u);
  }
}

TEST(SlabCacheLimits, ASourceThatFailsNowAndThenServesThreads) {
  TestingSource source;
  {
    Pool pool(source);
    InThreads([&](unsigned thread) {
      std::minstd_rand random(thread + 1);
      std::vector<Buffer*> mine;
      for (int step = 0; step < 20000; ++step) {
        if (thread == 0 && step % 100 == 0) source.GiveOnly(random() % 2);
        if (random() % 3 != 0) {
          if (Buffer* buffer = pool.New()) {
            buffer->owner = thread;
            mine.push_back(buffer);
          }
        } else if (!mine.empty()) {
          ASSERT_EQ(mine.back()->owner, thread);
          pool.Delete(mine.back());
          mine.pop_back();
        }
      }
      DeleteAll(pool, mine);
    });
    EXPECT_EQ(pool.Statistics().live_objects, 0u);
  }
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCacheLimits, MaxBytesIsKept) {
  for (const std::size_t slabs : {0U, 1U, 3U}) {
    SlabCacheOptions options;
    options.max_bytes = slabs * (std::size_t{16} << 10) + 100;  // what fills no slab is not used
    Pool pool(options);
    EXPECT_EQ(pool.Statistics().max_objects, slabs * 32);
    const std::vector<Buffer*> all = TakeAll(pool);
    EXPECT_EQ(all.size(), slabs * 32);
    EXPECT_EQ(pool.Statistics().slabs, slabs);
    EXPECT_FALSE(pool.Reserve(slabs * 32 + 1));
    DeleteAll(pool, all);
    EXPECT_TRUE(pool.Reserve(slabs * 32) || pool.Statistics().cached_objects > 0);
  }
}

// A pool of 32 without magazines. Four threads with at most eight buffers each: nobody is refused.
TEST(SlabCacheLimits, WithoutMagazinesNobodyIsRefusedWhileABufferMustBeFree) {
  Pool pool(PoolOf32(0));
  ASSERT_EQ(pool.Statistics().max_objects, 32u);
  InThreads([&](unsigned thread) {
    std::minstd_rand random(thread + 1);
    std::vector<Buffer*> mine;
    for (int round = 0; round < 20000; ++round) {
      while (mine.size() < 32 / kThreads) {
        Buffer* buffer = pool.New();
        ASSERT_NE(buffer, nullptr) << "refused, with " << mine.size() << " of its eight";
        buffer->owner = thread;
        mine.push_back(buffer);
      }
      for (std::size_t n = 1 + random() % 8; n > 0; --n) {
        ASSERT_EQ(mine.back()->owner, thread);
        pool.Delete(mine.back());
        mine.pop_back();
      }
    }
    DeleteAll(pool, mine);
  });
  EXPECT_EQ(pool.Statistics().live_objects, 0u);
  EXPECT_EQ(TakeAll(pool).size(), 32u);
}

// All threads take what they can: never more than 32 live at once, and always 32 when they are
// done.
TEST(SlabCacheLimits, WithoutMagazinesExactlyTheCapacityLives) {
  Pool pool(PoolOf32(0));
  for (int round = 0; round < 500; ++round) {
    std::vector<std::vector<Buffer*>> taken(kThreads);
    InThreads([&](unsigned thread) { taken[thread] = TakeAll(pool); });
    std::size_t live = 0;
    for (const std::vector<Buffer*>& mine : taken) live += mine.size();
    ASSERT_EQ(live, 32u);
    ASSERT_EQ(pool.Statistics().live_objects, 32u);
    for (const std::vector<Buffer*>& mine : taken) DeleteAll(pool, mine);
  }
}

// The defect of the reference: 32 buffers, and the second thread gets none, as they all lie in the
// first one's cache, uncounted and out of reach.
TEST(SlabCacheLimits, BuffersInAnotherThreadsMagazinesAreCountedAndComeHomeWhenAskedFor) {
  Pool pool(PoolOf32(62));
  Companion companion;
  companion.Do([&pool] { DeleteAll(pool, TakeAll(pool)); });
  const SlabCacheStatistics statistics = pool.Statistics();
  EXPECT_EQ(statistics.live_objects, 0u);
  EXPECT_EQ(statistics.cached_objects + statistics.free_objects, 32u);
  EXPECT_GT(statistics.cached_objects, 0u);
  // What lies in slabs and in the depot is in reach; then the request for more asks for the others.
  std::vector<Buffer*> all = TakeAll(pool);
  EXPECT_LT(all.size(), 32u);
  EXPECT_EQ(pool.Statistics().cached_objects, 32 - all.size());
  companion.Do([] {
    SlabCache<long> other;  // a slow path
    other.Delete(other.New(1));
  });
  EXPECT_EQ(pool.Statistics().cached_objects, 0u);
  for (Buffer* buffer : TakeAll(pool)) all.push_back(buffer);
  EXPECT_EQ(pool.Statistics().live_objects, 32u);
  EXPECT_EQ(all.size(), 32u);
  DeleteAll(pool, all);
}

TEST(SlabCacheLimits, RecallMagazinesBringsThemHome) {
  Pool pool(PoolOf32(62));
  Companion companion;
  companion.Do([&pool] { DeleteAll(pool, TakeAll(pool)); });
  const SlabCacheStatistics before = pool.Statistics();
  pool.RecallMagazines();
  EXPECT_EQ(pool.Statistics().cached_objects, before.cached_objects);  // asked, no more
  companion.Do([] {
    SlabCache<long> other;
    other.Delete(other.New(1));
  });
  EXPECT_LT(pool.Statistics().cached_objects, before.cached_objects);
  EXPECT_GT(pool.Statistics().free_objects, before.free_objects);
  // What is cached still lies in the depot, in reach of everybody: nobody has to be asked again.
  const std::vector<Buffer*> all = TakeAll(pool);
  EXPECT_EQ(all.size(), 32u);
  DeleteAll(pool, all);
}

TEST(SlabCacheLimits, ARecallAsksForThePresentMagazinesOfOneCache) {
  Pool pool;
  Pool other;
  Companion companion;
  const auto fill = [&] {
    pool.Delete(pool.New());
    other.Delete(other.New());
  };
  const auto enter_a_slow_path = [] {
    SlabCache<long> third;
    third.Delete(third.New(1));
  };
  companion.Do(fill);
  pool.RecallMagazines();
  companion.Do(enter_a_slow_path);
  EXPECT_EQ(pool.Statistics().cached_objects, 0u);
  EXPECT_GT(other.Statistics().cached_objects, 0u);
  companion.Do(fill);
  other.RecallMagazines();
  companion.Do(enter_a_slow_path);
  EXPECT_GT(pool.Statistics().cached_objects, 0u) << "that it was asked for before is past";
  EXPECT_EQ(other.Statistics().cached_objects, 0u);
}

// Whatever lies in reach, in slabs, in the depot, in magazines of ended threads, can be had by any
// number of threads that look for it at once: one who looks does not hide it from another.
TEST(SlabCacheLimits, AllThatLiesInReachIsFoundByThreadsThatLookAtOnce) {
  Pool pool(PoolOf32(1));  // a thread that takes one has no more
  std::vector<std::unique_ptr<Companion>> companions;
  for (unsigned i = 0; i < kThreads; ++i) {
    companions.push_back(std::make_unique<Companion>());
    companions.back()->Do([copy = pool]() mutable { copy.Delete(copy.New()); });
  }
  for (int round = 0; round < 500; ++round) {
    for (auto& companion : companions) companion->Do([&pool] { pool.Trim(); });
    std::thread([&pool] {
      const std::vector<Buffer*> all = TakeAll(pool);
      EXPECT_EQ(all.size(), 32u);
      DeleteAll(pool, all);
    }).join();
    std::latch start(kThreads);
    std::vector<Buffer*> taken[kThreads];
    for (unsigned i = 0; i < kThreads; ++i) {
      companions[i]->Begin([&pool, &start, &mine = taken[i]] {
        start.arrive_and_wait();
        while (mine.size() < 32 / kThreads) {
          Buffer* buffer = pool.New();
          ASSERT_NE(buffer, nullptr) << "refused, with " << mine.size() << " of its eight";
          mine.push_back(buffer);
        }
      });
    }
    for (auto& companion : companions) companion->Await();
    for (const std::vector<Buffer*>& mine : taken) DeleteAll(pool, mine);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "in round " << round;
    pool.Trim();
  }
}

TEST(SlabCacheLimits, TheCallersOwnMagazinesAndTheDepotAreFoundBeforeNoneIsSaid) {
  SlabCacheOptions options;
  options.max_bytes = std::size_t{256} << 10;
  Pool pool(options);
  std::minstd_rand random(1);
  for (int round = 0; round < 20; ++round) {
    std::vector<Buffer*> all = TakeAll(pool);
    ASSERT_EQ(all.size(), pool.Statistics().max_objects) << round;
    std::shuffle(all.begin(), all.end(), random);
    DeleteAll(pool, all);
  }
}

// A thread that is stuck for ever with full magazines costs what lies in them, no more.
TEST(SlabCacheLimits, AThreadThatBlocksWithMagazinesLeavesTheOthersTheRest) {
  SlabCacheOptions options;
  options.max_bytes = std::size_t{256} << 10;
  Pool pool(options);
  Companion stuck;
  stuck.Do([&pool] { DeleteAll(pool, TakeAll(pool)); });
  constexpr std::size_t kTwoMagazines = 2 * 62;
  InThreads([&](unsigned) {
    for (int i = 0; i < 2000; ++i) {
      Buffer* buffer = pool.New();
      ASSERT_NE(buffer, nullptr);
      pool.Delete(buffer);
    }
  });
  const std::vector<Buffer*> all = TakeAll(pool);
  EXPECT_GE(all.size() + kTwoMagazines, pool.Statistics().max_objects);
  EXPECT_EQ(all.size() + pool.Statistics().cached_objects, pool.Statistics().max_objects);
  DeleteAll(pool, all);
}

}  // namespace
}  // namespace ashlar
