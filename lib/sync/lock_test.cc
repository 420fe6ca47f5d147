#include "ashlar/internal/sync/lock.h"

#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "lib/sync/testing/quiet_flag.h"

namespace ashlar::internal {
namespace {

// The data that the lock guards is plain, for the race detector.
struct Guarded {
  Lock<Concurrent> lock;
  long count = 0;
};

TEST(Lock, IsHeldByOneThreadAtATime) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10000;
  const auto shared = std::make_unique<Guarded>();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&shared] {
      for (int k = 0; k < kEach; ++k) {
        const LockGuard<Concurrent> guard(shared->lock);
        ++shared->count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared->count, kThreads * kEach);
}

TEST(Lock, AFreeLockIsAcquiredWithAllThatWasDoneUnderIt) {
  const auto shared = std::make_unique<Guarded>();
  QuietFlag released;
  std::thread first([&] {
    shared->lock.Acquire();
    shared->count = 1;
    shared->lock.Release();
    released.Raise();
  });
  std::thread second([&] {
    released.Await();
    const LockGuard<Concurrent> guard(shared->lock);
    EXPECT_EQ(shared->count, 1);
    shared->count = 2;
  });
  first.join();
  second.join();
}

TEST(Lock, WhoWaitedAcquiresAllThatWasDoneUnderIt) {
  for (int round = 0; round < 50; ++round) {
    const auto shared = std::make_unique<Guarded>();
    QuietFlag held;
    QuietFlag comes;
    std::thread first([&] {
      shared->lock.Acquire();
      held.Raise();
      comes.Await();
      std::this_thread::yield();  // most often the other is in the slow path by now
      shared->count = 1;
      shared->lock.Release();
    });
    std::thread second([&] {
      held.Await();
      comes.Raise();
      const LockGuard<Concurrent> guard(shared->lock);
      EXPECT_EQ(shared->count, 1);
      shared->count = 2;
    });
    first.join();
    second.join();
  }
}

TEST(Lock, DoesNothingWhereThereIsOneThread) {
  Lock<SingleThreaded> lock;
  const LockGuard<SingleThreaded> outer(lock);
  const LockGuard<SingleThreaded> inner(lock);
  SUCCEED() << "no wait for ourselves";
}

}  // namespace
}  // namespace ashlar::internal
