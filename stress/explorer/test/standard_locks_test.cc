// The standard library's locks, condition variables and waiting on atomics, unmodified, under the
// explorer. Each guards plain data, so that a missing edge is a data race; where two things can
// happen, both do.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

namespace ashlar::explorer {
namespace {

using std::chrono::milliseconds;

// What threads hand to each other. Static, as clang does not instrument fields of local objects.
int data;
int more;

TEST(StandardLibrary, AMutexExcludes) {
  ExpectCompletelyClean([] {
    data = 0;
    std::mutex mutex;
    const auto add = [&] {
      const std::lock_guard lock(mutex);
      ++data;
    };
    InParallel(add, add);
    ASHLAR_REQUIRE(data == 2);
  });
}

TEST(StandardLibrary, ARecursiveMutexIsLockedTwiceByItsOwnerAlone) {
  ExpectCompletelyClean([] {
    data = 0;
    std::recursive_mutex mutex;
    const auto add = [&] {
      const std::lock_guard outer(mutex);
      ++data;
      const std::lock_guard inner(mutex);
      ++data;
    };
    InParallel(add, add);
    ASHLAR_REQUIRE(data == 4);
  });
}

TEST(StandardLibrary, ScopedLocksInDifferentOrdersDoNotDeadlock) {
  ExpectClean([] {
    data = 0;
    std::mutex a;
    std::mutex b;
    InParallel(
        [&] {
          const std::scoped_lock both(a, b);
          ++data;
        },
        [&] {
          const std::scoped_lock both(b, a);
          ++data;
        });
    ASHLAR_REQUIRE(data == 2);
  });
}

TEST(StandardLibrary, LocksInDifferentOrdersDeadlock) {
  ExpectFailure(Explore({.executions = 5000},
                        [] {
                          std::mutex a;
                          std::mutex b;
                          InParallel(
                              [&] {
                                const std::lock_guard first(a);
                                const std::lock_guard second(b);
                              },
                              [&] {
                                const std::lock_guard first(b);
                                const std::lock_guard second(a);
                              });
                        }),
                "deadlock");
}

TEST(StandardLibrary, ASharedMutexExcludesWritersAndAdmitsReadersTogether) {
  ClearOutcomes();
  ExpectCompletelyClean([] {
    data = 0;
    std::shared_mutex mutex;
    static std::atomic<int> inside;
    inside.store(0, std::memory_order_relaxed);
    const auto read = [&] {
      const std::shared_lock lock(mutex);
      const int before = inside.fetch_add(1, std::memory_order_relaxed);
      NoteOutcome(before == 0 ? "alone" : "together");
      ASHLAR_REQUIRE(data == 0 || data == 1);
      inside.fetch_sub(1, std::memory_order_relaxed);
    };
    std::thread writer([&] {
      const std::unique_lock lock(mutex);
      data = 1;
    });
    InParallel(read, read);
    writer.join();
  });
  EXPECT_EQ(NotedOutcomes(), "alone, together");
}

TEST(StandardLibrary, ATimedMutexIsLockedInTimeOrNot) {
  ClearOutcomes();
  ExpectClean([] {
    data = 0;
    std::timed_mutex mutex;
    const auto add = [&] {
      const std::unique_lock lock(mutex, milliseconds(1));
      NoteOutcome(lock.owns_lock() ? "locked" : "timeout");
      if (lock.owns_lock()) ++data;
    };
    InParallel(add, add);
    ASHLAR_REQUIRE(data >= 1);
  });
  EXPECT_EQ(NotedOutcomes(), "locked, timeout");
}

TEST(StandardLibrary, ASharedTimedMutexTakesTimesOfEachClock) {
  ExpectClean([] {
    data = 0;
    std::shared_timed_mutex mutex;
    InParallel(
        [&] {
          const std::unique_lock lock(mutex, std::chrono::system_clock::now() + milliseconds(1));
          if (lock.owns_lock()) data = 1;
        },
        [&] {
          {
            const std::shared_lock lock(mutex, std::chrono::system_clock::now() + milliseconds(1));
            if (lock.owns_lock()) ASHLAR_REQUIRE(data <= 1);
          }
          const std::shared_lock lock(mutex, std::chrono::steady_clock::now() + milliseconds(1));
          if (lock.owns_lock()) ASHLAR_REQUIRE(data <= 1);
        });
  });
}

TEST(StandardLibrary, AConditionVariableHandsOver) {
  ExpectCompletelyClean([] {
    data = more = 0;
    std::mutex mutex;
    std::condition_variable condition;
    InParallel(
        [&] {
          more = 1;
          {
            const std::lock_guard lock(mutex);
            data = 1;
          }
          condition.notify_one();
        },
        [&] {
          std::unique_lock lock(mutex);
          condition.wait(lock, [] { return data == 1; });
          ASHLAR_REQUIRE(more == 1);
        });
  });
}

TEST(StandardLibrary, NotifyAllWakesAll) {
  ExpectClean([] {
    data = 0;
    std::mutex mutex;
    std::condition_variable condition;
    const auto wait = [&] {
      std::unique_lock lock(mutex);
      condition.wait(lock, [] { return data == 1; });
    };
    std::thread waker([&] {
      const std::lock_guard lock(mutex);
      data = 1;
      condition.notify_all();
    });
    InParallel(wait, wait);
    waker.join();
  });
}

TEST(StandardLibrary, NotifyOneForTwoWaitersLosesOne) {
  ExpectFailure(Explore({.executions = 5000},
                        [] {
                          data = 0;
                          std::mutex mutex;
                          std::condition_variable condition;
                          const auto wait = [&] {
                            std::unique_lock lock(mutex);
                            condition.wait(lock, [] { return data == 1; });
                          };
                          std::thread waker([&] {
                            const std::lock_guard lock(mutex);
                            data = 1;
                            condition.notify_one();
                          });
                          InParallel(wait, wait);
                          waker.join();
                        }),
                "deadlock");
}

TEST(StandardLibrary, AConditionVariableWithATimeLimitWaitsOrGivesUp) {
  ClearOutcomes();
  ExpectClean([] {
    data = 0;
    std::mutex mutex;
    std::condition_variable condition;
    InParallel(
        [&] {
          const std::lock_guard lock(mutex);
          data = 1;
          condition.notify_one();
        },
        [&] {
          std::unique_lock lock(mutex);
          const bool done = condition.wait_for(lock, milliseconds(1), [] { return data == 1; });
          NoteOutcome(done ? "notified" : "timeout");
        });
  });
  EXPECT_EQ(NotedOutcomes(), "notified, timeout");
}

TEST(StandardLibrary, AThreadsLastActIsToNotify) {
  ExpectClean([] {
    data = 0;
    std::mutex mutex;
    std::condition_variable condition;
    std::thread notifier([&] {
      std::unique_lock lock(mutex);
      data = 1;
      std::notify_all_at_thread_exit(condition, std::move(lock));
    });
    {
      std::unique_lock lock(mutex);
      condition.wait(lock, [] { return data == 1; });
    }
    notifier.join();
  });
}

TEST(StandardLibrary, AConditionVariableForAnyLockTakesASharedOne) {
  ExpectClean([] {
    data = 0;
    std::shared_mutex mutex;
    std::condition_variable_any condition;
    InParallel(
        [&] {
          const std::unique_lock lock(mutex);
          data = 1;
          condition.notify_all();
        },
        [&] {
          std::shared_lock lock(mutex);
          condition.wait(lock, [] { return data == 1; });
        });
  });
}

// --- Waiting on atomics. ---

TEST(StandardLibrary, WaitingOnAnAtomicOfFourBytesEnds) {
  ExpectClean([] {
    data = 0;
    std::atomic<int> flag = 0;
    InParallel(
        [&] {
          Work();  // the other one goes to sleep, sometimes
          data = 1;
          flag.store(1, std::memory_order_release);
          flag.notify_one();
        },
        [&] {
          flag.wait(0, std::memory_order_acquire);
          ASHLAR_REQUIRE(data == 1);
        });
  });
}

TEST(StandardLibrary, WaitingWithoutANotificationDoesNotEnd) {
  ExpectFailure(Explore({.executions = 5000},
                        [] {
                          std::atomic<int> flag = 0;
                          InParallel(
                              [&] {
                                Work();
                                flag.store(1, std::memory_order_release);
                              },
                              [&] { flag.wait(0, std::memory_order_acquire); });
                        }),
                "deadlock");
}

TEST(StandardLibrary, AnAtomicFlagIsASpinLockAndCanBeWaitedOn) {
  ExpectClean([] {
    data = 0;
    std::atomic_flag locked;
    const auto add = [&] {
      while (locked.test_and_set(std::memory_order_acquire)) locked.wait(true);
      ++data;
      locked.clear(std::memory_order_release);
      locked.notify_one();
    };
    std::thread third(add);
    InParallel(add, add);
    third.join();
    ASHLAR_REQUIRE(data == 3);
  });
}

TEST(StandardLibrary, AtomicsOfFloatingPointAndReferencesToPlainOnesAdd) {
  ExpectClean([] {
    std::atomic<double> sum = 0;
    data = 0;
    const auto add = [&] {
      sum.fetch_add(0.5, std::memory_order_relaxed);
      std::atomic_ref(data).fetch_add(1, std::memory_order_relaxed);
    };
    InParallel(add, add);
    ASHLAR_REQUIRE(sum.load(std::memory_order_relaxed) == 1.0 && data == 2);
  });
}

}  // namespace
}  // namespace ashlar::explorer
