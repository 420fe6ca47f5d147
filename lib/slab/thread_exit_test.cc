// Objects that are freed while a thread or the process ends; and threads without end.
#include <pthread.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <latch>
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
  unsigned char bytes[64];
};
using Cache = SlabCache<Object>;

#if defined(__SANITIZE_THREAD__)
#define ASHLAR_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ASHLAR_TEST_TSAN 1
#endif
#endif

// The last round of a thread's hooks that ours can use: ThreadSanitizer ends a thread in the
// fourth.
#ifdef ASHLAR_TEST_TSAN
constexpr int kLastRound = 3;
#else
constexpr int kLastRound = 4;
#endif

// What a hook does in the last round. The library's own hook does its work in the third, and a key
// that was created later comes after it in each round.
struct LateWork {
  std::function<void()> work;
  int round = 0;
};

class LateKey {
 public:
  LateKey() {
    Cache().Make().reset();  // the library's key is there
    EXPECT_EQ(pthread_key_create(&key, Run), 0);
  }
  ~LateKey() { pthread_key_delete(key); }
  LateKey(const LateKey&) = delete;
  LateKey& operator=(const LateKey&) = delete;

  // Runs `body` in a thread, and `work` when that thread has nearly ended.
  template <typename Body>
  void InThread(Body body, std::function<void()> work) {
    LateWork late{std::move(work)};
    std::thread([&] {
      pthread_setspecific(key, &late);
      body();
    }).join();
    EXPECT_EQ(late.round, kLastRound);
  }

 private:
  static void Run(void* value) {
    auto* late = static_cast<LateWork*>(value);
    if (++late->round < kLastRound) {
      pthread_setspecific(key, late);
    } else {
      late->work();
    }
  }

  static inline pthread_key_t key;
};

TEST(ThreadExit, AHookThatRunsAfterOursStillAllocatesAndFrees) {
  LateKey key;
  Cache cache;
  std::size_t used = 0;
  for (int i = 0; i < 20; ++i) {
    SlabBox<Object> box = cache.Make();
    bool has_allocated = false;
    key.InThread([&] { cache.Delete(cache.New()); },
                 [&] {
                   const SlabBox<Object> fresh = cache.Make();
                   has_allocated = static_cast<bool>(fresh);
                   cache.Delete(cache.New());
                   box.reset();
                 });
    EXPECT_TRUE(has_allocated);
    EXPECT_EQ(cache.Statistics().live_objects, 0u);
    if (i == 0) used = SystemMemory::GetStatistics().used_bytes;
  }
  // Nothing was made for a thread that is past its end: nobody would take it back.
  EXPECT_EQ(SystemMemory::GetStatistics().used_bytes, used);
}

TEST(ThreadExit, AHookThatRunsAfterOursMayFreeTheLastObject) {
  LateKey key;
  TestingSource source;
  SlabBox<Object> box = Cache(source).Make();
  EXPECT_EQ(source.blocks(), 1u);
  key.InThread([] { Cache().Make().reset(); }, [&box] { box.reset(); });
  EXPECT_EQ(source.blocks(), 0u);
}

thread_local SlabBox<Object> t_box;

TEST(ThreadExit, AThreadLocalObjectIsFreedByItsDestructor) {
  TestingSource source;
  {
    Cache cache(source);
    for (const bool box_first : {true, false}) {
      std::thread([&] {
        if (box_first) t_box = nullptr;  // constructed before the thread is known to the library
        t_box = cache.Make();
      }).join();
      EXPECT_EQ(cache.Statistics().live_objects, 0u);
    }
  }
  EXPECT_EQ(source.blocks(), 0u);
}

// An object with static life that outlives main's thread-local state, and was made before it.
struct AtProcessExit {
  ~AtProcessExit() {
    cache.Delete(object);
    box.reset();
    SlabBox<Object> fresh = cache.Make();
    std::fputs(fresh && cache.Statistics().live_objects == 1 ? "all is well\n" : "wrong\n", stderr);
  }
  Cache cache;
  Object* object = nullptr;
  SlabBox<Object> box;
};

[[noreturn]] void ExitWithObjects() {
  static AtProcessExit at_exit;
  at_exit.object = at_exit.cache.New();
  at_exit.box = at_exit.cache.Make();
  t_box = at_exit.cache.Make();
  std::exit(0);
}

TEST(ThreadExitDeathTest, ObjectsWithStaticLifeAreFreedAfterMain) {
  EXPECT_EXIT(ExitWithObjects(), ::testing::ExitedWithCode(0), "all is well");
}

TEST(ThreadExit, ThousandsOfShortThreadsLeaveNothing) {
  Cache cache;
  constexpr int kAtOnce = 8;
  const auto use = [&cache](std::latch& all_are_here) {
    std::vector<SlabBox<Object>> boxes;
    for (int i = 0; i < 200; ++i) boxes.push_back(cache.Make());
    for (int i = 0; i < 100; ++i) cache.Delete(boxes[static_cast<std::size_t>(i)].release());
    all_are_here.arrive_and_wait();
  };
  const auto churn = [&use](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      std::latch all_are_here(kAtOnce);
      std::vector<std::thread> threads;
      for (int i = 0; i < kAtOnce; ++i) threads.emplace_back(use, std::ref(all_are_here));
      for (std::thread& thread : threads) thread.join();
    }
  };
  churn(20);
  const std::size_t before = SystemMemory::GetStatistics().used_bytes;
  churn(800);
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
  cache.Trim();
  // As many tables as threads ran at once; the rest of that is for magazines.
  constexpr std::size_t kTableBytes = std::size_t{160} << 10;
  EXPECT_LE(SystemMemory::GetStatistics().used_bytes, before + 9 * kTableBytes);
}

TEST(ThreadExit, WhatAThreadHadServesTheNext) {
  SlabCacheOptions options;
  options.max_bytes = std::size_t{16} << 10;
  Cache cache(options);
  const std::size_t capacity = cache.Statistics().max_objects;
  for (int i = 0; i < 20; ++i) {
    std::thread([&] {
      std::vector<SlabBox<Object>> boxes;
      while (SlabBox<Object> box = cache.Make()) boxes.push_back(std::move(box));
      EXPECT_EQ(boxes.size(), capacity);
    }).join();
  }
}

}  // namespace
}  // namespace ashlar
