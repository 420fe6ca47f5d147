#include "ashlar/internal/sync/lock.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
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

void Interrupt(int) {}

// The system's wait ends with EINTR, or with EAGAIN where the lock was given back just before it.
TEST(Lock, KeepsErrnoWhereItWaits) {
  struct sigaction action = {};
  action.sa_handler = Interrupt;  // without SA_RESTART
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  const auto shared = std::make_unique<Guarded>();
  std::atomic<bool> comes{false};
  int errno_after = 0;
  shared->lock.Acquire();
  std::thread waiting([&] {
    errno = 77;
    comes = true;
    shared->lock.Acquire();
    errno_after = errno;
    shared->lock.Release();
  });
  while (!comes) {
  }
  for (int i = 0; i < 300; ++i) {
    pthread_kill(waiting.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  errno = 78;
  shared->lock.Release();
  EXPECT_EQ(errno, 78);
  waiting.join();
  EXPECT_EQ(errno_after, 77);
}

TEST(Lock, DoesNothingWhereThereIsOneThread) {
  Lock<SingleThreaded> lock;
  const LockGuard<SingleThreaded> outer(lock);
  const LockGuard<SingleThreaded> inner(lock);
  SUCCEED() << "no wait for ourselves";
}

}  // namespace
}  // namespace ashlar::internal
