// fork while other threads allocate: parent and child go on.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "ashlar/fixed_region.h"
#include "ashlar/internal/slab/magazine_pool.h"
#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/slab/pool_directory.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

constexpr unsigned kChildSeconds = 60;  // a child that hangs is killed

struct Object {
  long value = 0;
  unsigned char more[56];
};
using Cache = SlabCache<Object>;

// Runs `body` in a child, which must come to its end and answer true.
template <typename Body>
void InChild(Body body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(kChildSeconds);
    _exit(body() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Makes and frees so many objects, by handle and by box; false if one was not what it should be.
bool Use(Cache& cache, int count) {
  std::vector<SlabBox<Object>> boxes;
  for (int i = 0; i < count; ++i) {
    boxes.push_back(cache.Make());
    if (!boxes.back()) return false;
    boxes.back()->value = i;
  }
  for (int i = 0; i < count; ++i) {
    SlabBox<Object>& box = boxes[static_cast<std::size_t>(i)];
    if (box->value != i) return false;
    if (i % 2 == 0) {
      cache.Delete(box.release());
    } else {
      box.reset();
    }
  }
  return true;
}

// Threads that make and free objects, make and end caches, for as long as this lives.
class Busy {
 public:
  explicit Busy(const Cache& cache, FixedRegion& region) {
    for (int i = 0; i < 3; ++i) {
      threads_.emplace_back([this, &region, handle = cache]() mutable {
        while (!is_over_.load(std::memory_order_relaxed)) {
          EXPECT_TRUE(Use(handle, 300));
          Cache own;
          EXPECT_TRUE(Use(own, 3));
          Cache in_region(region);
          if (in_region.IsValid()) in_region.Delete(in_region.New());
          handle.Trim();
        }
      });
    }
  }
  ~Busy() {
    is_over_.store(true);
    for (std::thread& thread : threads_) thread.join();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic<bool> is_over_{false};
  std::vector<std::thread> threads_;
};

// The first of the tests: nothing of the process's memory was used yet. Locks of lists are taken in
// the order of their list, and a source may use the process's memory.
TEST(Fork, TheLockOfTheProcesssArenasIsTakenLast) {
  TestingSource source;
  const Cache cache(source);
  ASSERT_TRUE(cache.IsValid());
  EXPECT_EQ(internal::SystemArenas().next_registered, nullptr);
}

TEST(Fork, ParentAndChildGoOnWhileOtherThreadsAllocate) {
  const auto bytes = std::make_unique<std::byte[]>(1 << 20);
  FixedRegion region(bytes.get(), 1 << 20);
  Cache cache;
  const Busy busy(cache, region);
  for (int i = 0; i < 60; ++i) {
    InChild([&] {
      if (!Use(cache, 1000)) return false;
      Cache fresh;
      if (!Use(fresh, 1000)) return false;
      // And once more, from a process that has but one thread.
      const pid_t grandchild = fork();
      if (grandchild == 0) {
        alarm(kChildSeconds);
        Cache another;
        _exit(Use(cache, 100) && Use(fresh, 100) && Use(another, 100) ? 0 : 1);
      }
      int status = 1;
      waitpid(grandchild, &status, 0);
      return status == 0 && Use(cache, 1000);
    });
    EXPECT_TRUE(Use(cache, 1000));
  }
}

TEST(Fork, AChildFreesWhatItsParentMade) {
  TestingSource source;
  Cache cache(source);
  std::vector<SlabBox<Object>> boxes;
  for (int i = 0; i < 1000; ++i) boxes.push_back(cache.Make());
  for (std::size_t i = 0; i < boxes.size(); ++i) boxes[i]->value = static_cast<long>(i);
  InChild([&] {
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (boxes[i]->value != static_cast<long>(i)) return false;
      boxes[i].reset();
    }
    if (cache.Statistics().live_objects != 0) return false;
    cache = Cache();
    return source.blocks() == 0;
  });
  EXPECT_EQ(cache.Statistics().live_objects, 1000u);
}

// The thread that is inside the pool when the process forks is not there in the child: the child's
// end of the pool must not wait for it.
TEST(Fork, AChildDoesNotWaitForThreadsThatItDoesNotHave) {
  const auto bytes = std::make_unique<std::byte[]>(1 << 20);
  FixedRegion region(bytes.get(), 1 << 20);
  internal::SlabClass<Concurrent> cls;
  cls.geometry = internal::MakeSlotGeometry(64, region.arenas().geometry());
  internal::ClassDepot depot;
  internal::MagazinePool pool;
  ASSERT_TRUE(pool.Initialize(&region.arenas(), &cls, &depot, 1, false, internal::MagazineLimits(),
                              nullptr, nullptr));
  internal::PoolRecord& record = internal::PoolDirectory::record(pool.number());
  std::binary_semaphore is_inside(0);
  std::binary_semaphore may_leave(0);
  std::thread inside([&] {
    EXPECT_TRUE(record.life.TryPin(record.generation));
    EXPECT_EQ(record.life.TryVisit(record.generation), internal::Lifeline::Visit::kInside);
    is_inside.release();
    may_leave.acquire();
    record.life.Depart();
    pool.Leave();
  });
  is_inside.acquire();
  InChild([&pool] {
    alarm(5);
    pool.EndNow();
    pool.Abandon();
    return true;
  });
  may_leave.release();
  inside.join();
  pool.EndNow();
  pool.Abandon();
}

// A thread is lost in the midst of whatever it does with its magazines. It may have lost slots; but
// none is counted in two places, or a pool would end while some are in use.
TEST(Fork, AChildCountsNoSlotOfALostThreadTwice) {
  const auto bytes = std::make_unique<std::byte[]>(1 << 20);
  FixedRegion region(bytes.get(), 1 << 20);
  internal::SlabClass<Concurrent> cls;
  cls.geometry = internal::MakeSlotGeometry(64, region.arenas().geometry());
  internal::ClassDepot depot;
  internal::MagazinePool pool;
  internal::MagazineLimits limits;
  limits.magazine_slots = 2;
  ASSERT_TRUE(pool.Initialize(&region.arenas(), &cls, &depot, 1, false, limits, nullptr, nullptr));
  const std::size_t offset = pool.EntryOffset(0);
  std::atomic<bool> is_over{false};
  std::atomic<std::size_t> in_use{0};  // at least
  std::thread busy([&] {
    void* slots[6];
    while (!is_over.load(std::memory_order_relaxed)) {
      for (void*& slot : slots) {
        slot = internal::EntryAt(offset).Pop();
        if (slot == nullptr) slot = pool.AllocateSlow(0);
        in_use.store(in_use.load() + 1);
      }
      for (void* slot : slots) {
        in_use.store(in_use.load() - 1);
        if (!internal::EntryAt(offset).Push(slot)) pool.FreeSlow(0, slot);
      }
    }
  });
  for (int i = 0; i < 100; ++i) {
    InChild([&] { return pool.CachedSlots(0) + in_use.load() <= pool.SlotsOut(0); });
  }
  is_over.store(true);
  busy.join();
  pool.EndNow();
  pool.Abandon();
}

}  // namespace
}  // namespace ashlar
