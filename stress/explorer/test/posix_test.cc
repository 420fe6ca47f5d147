// What C code uses, unmodified, under the explorer: <pthread.h> and <semaphore.h>. Each primitive
// hands over plain data, so that a missing edge is a data race.
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

namespace ashlar::explorer {
namespace {

int data;
int more;

TEST(Posix, ASemaphoreHandsOver) {
  ExpectCompletelyClean([] {
    data = 0;
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    InParallel(
        [&] {
          data = 1;
          sem_post(&semaphore);
        },
        [&] {
          sem_wait(&semaphore);
          ASHLAR_REQUIRE(data == 1);
        });
    int value;
    ASHLAR_REQUIRE(sem_getvalue(&semaphore, &value) == 0 && value == 0);
    sem_destroy(&semaphore);
  });
}

TEST(Posix, ASemaphoreThatIsTriedOrGivenATimeSaysWhyNot) {
  ExpectClean([] {
    data = 0;
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    InParallel(
        [&] {
          data = 1;
          sem_post(&semaphore);
        },
        [&] {
          timespec soon;
          clock_gettime(CLOCK_REALTIME, &soon);
          soon.tv_sec += 1;
          if (sem_trywait(&semaphore) == 0 || sem_timedwait(&semaphore, &soon) == 0) {
            ASHLAR_REQUIRE(data == 1);
          } else {
            ASHLAR_REQUIRE(errno == ETIMEDOUT);
          }
        });
  });
}

sem_t global_semaphore;
pthread_mutex_t global_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_once_t global_once = PTHREAD_ONCE_INIT;
pthread_barrier_t global_barrier;

TEST(Posix, WhatWasMadeReadyBeforeTheExplorationIsSoInEachExecution) {
  sem_init(&global_semaphore, 0, 1);
  pthread_barrier_init(&global_barrier, nullptr, 2);
  ExpectClean([] {
    InParallel([] { pthread_barrier_wait(&global_barrier); },
               [] { pthread_barrier_wait(&global_barrier); });
    ASHLAR_REQUIRE(sem_trywait(&global_semaphore) == 0);
    ASHLAR_REQUIRE(sem_trywait(&global_semaphore) == -1 && errno == EAGAIN);
    ASHLAR_REQUIRE(pthread_mutex_trylock(&global_mutex) == 0);
    data = 0;
    pthread_once(&global_once, [] { ++data; });
    pthread_once(&global_once, [] { ++data; });
    ASHLAR_REQUIRE(data == 1);
  }, 100);
}

TEST(Posix, ABarrierLetsAllGoAtOnceAndNamesOne) {
  ExpectClean([] {
    static std::array<int, 3> arrivals;
    std::atomic<int> chosen = 0;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, 3);
    const auto work = [&](unsigned id) {
      for (int round = 1; round <= 2; ++round) {
        arrivals[id] = round;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) ++chosen;
        ASHLAR_REQUIRE(arrivals == (std::array<int, 3>{round, round, round}));
        pthread_barrier_wait(&barrier);
      }
    };
    std::thread third(work, 2);
    InParallel([&] { work(0); }, [&] { work(1); });
    third.join();
    ASHLAR_REQUIRE(chosen == 2);
    pthread_barrier_destroy(&barrier);
  }, 3000);
}

TEST(Posix, ASpinLockExcludes) {
  ExpectCompletelyClean([] {
    data = 0;
    pthread_spinlock_t lock;
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    const auto add = [&] {
      pthread_spin_lock(&lock);
      ++data;
      pthread_spin_unlock(&lock);
    };
    InParallel(add, add);
    ASHLAR_REQUIRE(data == 2);
    pthread_spin_destroy(&lock);
  });
}

TEST(Posix, ARecursiveMutexCountsAndAnErrorCheckingOneRefuses) {
  ExpectClean([] {
    data = 0;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_t recursive;
    pthread_mutex_init(&recursive, &attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_t checking;
    pthread_mutex_init(&checking, &attributes);
    const auto work = [&] {
      pthread_mutex_lock(&recursive);
      pthread_mutex_lock(&recursive);
      ++data;
      pthread_mutex_unlock(&recursive);
      ++data;
      pthread_mutex_unlock(&recursive);
      ASHLAR_REQUIRE(pthread_mutex_unlock(&checking) == EPERM);
      ASHLAR_REQUIRE(pthread_mutex_lock(&checking) == 0);
      ASHLAR_REQUIRE(pthread_mutex_lock(&checking) == EDEADLK);
      ++more;
      pthread_mutex_unlock(&checking);
    };
    InParallel(work, work);
    ASHLAR_REQUIRE(data == 4 && more == 2);
    pthread_mutex_destroy(&recursive);
    pthread_mutex_destroy(&checking);
  });
}

TEST(Posix, AReadersWriterLockWithATimeLimitIsTakenOrGivesUp) {
  ExpectClean([] {
    data = 0;
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec += 1;
    InParallel(
        [&] {
          if (pthread_rwlock_timedwrlock(&lock, &soon) != 0) return;
          ++data;
          pthread_rwlock_unlock(&lock);
        },
        [&] {
          if (pthread_rwlock_timedrdlock(&lock, &soon) != 0) return;
          ASHLAR_REQUIRE(data <= 1);
          pthread_rwlock_unlock(&lock);
        });
  });
}

TEST(Posix, AConditionWaitsWithAClockOfItsOwn) {
  ExpectClean([] {
    data = 0;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_t condition;
    pthread_cond_init(&condition, &attributes);
    InParallel(
        [&] {
          pthread_mutex_lock(&mutex);
          data = 1;
          pthread_cond_signal(&condition);
          pthread_mutex_unlock(&mutex);
        },
        [&] {
          timespec soon;
          clock_gettime(CLOCK_MONOTONIC, &soon);
          soon.tv_nsec += 1000;
          pthread_mutex_lock(&mutex);
          while (data == 0 && pthread_cond_timedwait(&condition, &mutex, &soon) == 0) {}
          pthread_mutex_unlock(&mutex);
        });
    pthread_cond_destroy(&condition);
    pthread_mutex_destroy(&mutex);
  });
}

// --- Keys. ---

pthread_key_t key;

TEST(Posix, AKeysDestructorRunsUntilTheValueStaysNull) {
  ExpectClean([] {
    data = 0;
    pthread_key_create(&key, [](void* value) {
      ++data;
      int* count = static_cast<int*>(value);
      if (--*count > 0) pthread_setspecific(key, count);
    });
    static int two;
    two = 2;
    std::thread([] {
      ASHLAR_REQUIRE(pthread_getspecific(key) == nullptr);
      pthread_setspecific(key, &two);
    }).join();
    std::thread([] { ASHLAR_REQUIRE(pthread_getspecific(key) == nullptr); }).join();
    ASHLAR_REQUIRE(data == 2 && pthread_getspecific(key) == nullptr);
    pthread_key_delete(key);
  }, 3000);
}

TEST(Posix, AKeyThatIsOlderThanTheExplorationIsEachThreadsOwn) {
  pthread_key_t older;
  ASSERT_EQ(pthread_key_create(&older, [](void*) { ++data; }), 0);
  pthread_setspecific(older, &more);
  ExpectClean([&] {
    data = 0;
    ASHLAR_REQUIRE(pthread_getspecific(older) == nullptr);
    std::thread([&] {
      pthread_setspecific(older, &data);
      ASHLAR_REQUIRE(pthread_getspecific(older) == &data);
    }).join();
    ASHLAR_REQUIRE(data == 1 && pthread_getspecific(older) == nullptr);
  }, 100);
  EXPECT_EQ(pthread_getspecific(older), &more);
  pthread_key_delete(older);
}

// --- Threads. ---

TEST(Posix, JoiningWithoutWaitingSaysWhetherTheThreadHasEnded) {
  ExpectClean([] {
    data = 0;
    pthread_t thread;
    pthread_create(&thread, nullptr, [](void*) -> void* { return &(data = 1); }, nullptr);
    void* result = nullptr;
    int error;
    while ((error = pthread_tryjoin_np(thread, &result)) == EBUSY) sched_yield();
    ASHLAR_REQUIRE(error == 0 && result == &data && data == 1);
  }, 3000);
}

TEST(Posix, JoiningWithATimeLimitWaitsOrGivesUp) {
  ClearOutcomes();
  ExpectClean([] {
    data = 0;
    pthread_t thread;
    pthread_create(&thread, nullptr, [](void*) -> void* { return &(data = 1); }, nullptr);
    timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec += 1;
    if (pthread_timedjoin_np(thread, nullptr, &soon) == 0) {
      NoteOutcome("joined");
    } else {
      NoteOutcome("timeout");
      pthread_join(thread, nullptr);
    }
    ASHLAR_REQUIRE(data == 1);
  });
  EXPECT_EQ(NotedOutcomes(), "joined, timeout");
}

TEST(Posix, TheClockShowsWhenAWaitOrASleepWasOver) {
  ExpectClean([] {
    timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 5;
    const auto is_over = [&] {
      timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      return now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec);
    };
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    ASHLAR_REQUIRE(!is_over());
    ASHLAR_REQUIRE(sem_timedwait(&semaphore, &end) == -1 && is_over());
    end.tv_sec += 3600;
    ASHLAR_REQUIRE(!is_over());
    sleep(3600);
    ASHLAR_REQUIRE(is_over());
  }, 100);
}

TEST(Posix, ADetachedThreadNeedsNoJoin) {
  ExpectClean([] {
    data = 0;
    static sem_t done;
    sem_init(&done, 0, 0);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    pthread_create(
        &thread, &attributes,
        [](void*) -> void* {
          data = 1;
          sem_post(&done);
          return nullptr;
        },
        nullptr);
    sem_wait(&done);
    ASHLAR_REQUIRE(data == 1);
    usleep(1);
  }, 3000);
}

// std::mutex has no destructor to tell: a block that was freed and handed out again holds another
// mutex, and what the first one's unlock published the second one's lock does not acquire.
TEST(Posix, AMutexInReusedMemoryIsAnotherMutex) {
  const Result result = Explore({.executions = 3000, .reuse = Reuse::kAlways}, [] {
    std::atomic<pthread_mutex_t*> second = nullptr;
    const auto make = [] { return new pthread_mutex_t(PTHREAD_MUTEX_INITIALIZER); };
    InParallel(
        [&] {
          pthread_mutex_t* first = make();
          pthread_mutex_lock(first);
          data = 1;
          pthread_mutex_unlock(first);
          delete first;
          second.store(make(), std::memory_order_relaxed);
        },
        [&] {
          pthread_mutex_t* mutex = second.load(std::memory_order_relaxed);
          if (mutex == nullptr) return;
          pthread_mutex_lock(mutex);
          data = 2;
          pthread_mutex_unlock(mutex);
        });
  });
  ExpectFailure(result, "data race");
}

}  // namespace
}  // namespace ashlar::explorer
