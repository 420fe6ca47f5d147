// Processes and the ends of threads under the explorer: fork, exit, pthread_exit.
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

namespace ashlar::explorer {
namespace {

int data;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// --- fork. ---

TEST(Fork, IsGoneThroughAsTheParentAndAsTheChild) {
  ClearOutcomes();
  ExpectCompletelyClean([] {
    const pid_t before = getpid();
    const pid_t child = fork();
    if (child == 0) {
      NoteOutcome("child");
      ASHLAR_REQUIRE(getpid() != before);
      _exit(0);
    }
    NoteOutcome("parent");
    int status = 1;
    ASHLAR_REQUIRE(getpid() == before && waitpid(child, &status, 0) == child && status == 0);
    ASHLAR_REQUIRE(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
  });
  EXPECT_EQ(NotedOutcomes(), "child, parent");
}

TEST(Fork, LeavesTheOthersBehindInTheMidstOfWhatTheyDo) {
  ClearOutcomes();
  ExpectClean([] {
    static volatile int done;
    done = 0;
    InParallel(
        [] {
          done = 1;
          Work();
          done = 2;
        },
        [] {
          if (fork() != 0) return;
          // What is there when the child begins is all there will ever be.
          const int seen = done;
          NoteOutcome(seen == 0 ? "before" : seen == 1 ? "amidst" : "after");
          Work();
          ASHLAR_REQUIRE(done == seen);
          _exit(0);
        });
  });
  EXPECT_EQ(NotedOutcomes(), "after, amidst, before");
}

void ForkAmidst(void (*in_child)()) {
  const auto add = [] {
    pthread_mutex_lock(&mutex);
    ++data;
    pthread_mutex_unlock(&mutex);
  };
  InParallel(add, [&] {
    if (fork() != 0) return;
    in_child();
    _exit(0);
  });
}

TEST(Fork, AChildThatNeedsWhatAnotherThreadHeldWaitsForEver) {
  const Result result = Explore({}, [] { ForkAmidst([] { pthread_mutex_lock(&mutex); }); });
  ExpectFailure(result, "deadlock");
}

TEST(Fork, HandlersCarryALockAcrossIt) {
  ExpectClean([] {
    const auto lock = [] { pthread_mutex_lock(&mutex); };
    const auto unlock = [] { pthread_mutex_unlock(&mutex); };
    pthread_atfork(lock, unlock, unlock);
    ForkAmidst([] { pthread_mutex_lock(&mutex); });
  });
}

TEST(Fork, HandlersRunInwardsBeforeItAndOutwardsAfterIt) {
  ExpectClean([] {
    static int order;
    order = 0;
    const auto digit = [](int n) { order = order * 10 + n; };
    static const auto* shared = &digit;
    pthread_atfork([] { (*shared)(1); }, [] { (*shared)(2); }, [] { (*shared)(3); });
    pthread_atfork([] { (*shared)(4); }, [] { (*shared)(5); }, [] { (*shared)(6); });
    if (fork() == 0) {
      ASHLAR_REQUIRE(order == 4136);
      _exit(0);
    }
    ASHLAR_REQUIRE(order == 4125);
  }, 100);
}

TEST(Fork, AJoinOfAThreadThatIsNotThereWaitsForEver) {
  const Result result = Explore({}, [] {
    std::thread other(Work);
    fork();
    other.join();
  });
  ExpectFailure(result, "deadlock");
}

TEST(Exit, WithAnErrorFromAChildIsAFailure) {
  ExpectFailure(Explore({}, [] { if (fork() == 0) _exit(3); }), "exit(3) called by T1 of a child");
}

TEST(Exit, FromWhatIsNoChildIsAFailure) {
  ExpectFailure(Explore({}, [] { exit(0); }), "exit(0) called by T1");
}

// --- pthread_exit. ---

TEST(ThreadExit, DestroysWhatStandsOnTheStackAndGivesItsResultToTheJoiner) {
  ExpectClean([] {
    data = 0;
    struct Counted {
      ~Counted() { ++data; }
    };
    pthread_t thread;
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          thread_local Counted in_thread;
          static_cast<void>(&in_thread);
          const Counted outer;
          [] {
            const Counted inner;
            try {
              pthread_exit(&data);
            } catch (...) {
              Work();  // others may run as the stack is unwound
              throw;
            }
          }();
          return nullptr;
        },
        nullptr);
    void* result = nullptr;
    ASHLAR_REQUIRE(pthread_join(thread, &result) == 0);
    ASHLAR_REQUIRE(result == &data && data == 3);
  }, 1000);
}

TEST(ThreadExit, ExceptionsOfOtherThreadsGoOn) {
  ExpectClean([] {
    std::atomic<int> caught = 0;
    const auto throws = [&] {
      try {
        Work();
        throw 7;
      } catch (int number) {
        caught += number;
      }
    };
    pthread_t thread;
    pthread_create(&thread, nullptr, [](void*) -> void* { pthread_exit(nullptr); }, nullptr);
    throws();
    pthread_join(thread, nullptr);
    throws();
    ASHLAR_REQUIRE(caught == 14);
  }, 1000);
}

// --- What threads ask the system. ---

TEST(System, AWakeSaysHowManyItWoke) {
  ClearOutcomes();
  ExpectClean([] {
    static std::uint32_t word;
    word = 0;
    const auto wait = [] { syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0); };
    std::thread a(wait);
    std::thread b(wait);
    Work();
    const long first = syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    const long others =
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    ASHLAR_REQUIRE(first <= 1 && first + others <= 2);
    NoteOutcome(first + others == 0 ? "none" : first + others == 1 ? "one" : "both");
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    while (syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0) != 0) {}
    a.join();
    b.join();
  });
  EXPECT_EQ(NotedOutcomes(), "both, none, one");
}

TEST(System, AllClocksShowTheSame) {
  ExpectClean([] {
    sleep(1000);
    timespec now, other;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ASHLAR_REQUIRE(timespec_get(&other, TIME_UTC) == TIME_UTC && other.tv_sec == now.tv_sec);
    time_t seconds;
    ASHLAR_REQUIRE(time(&seconds) == now.tv_sec && seconds == now.tv_sec);
  }, 10);
}

TEST(System, EachThreadHasItsNumber) {
  ExpectClean([] {
    const pid_t mine = gettid();
    pid_t other = mine;
    std::thread([&] { other = gettid(); }).join();
    ASHLAR_REQUIRE(other != mine && mine == syscall(SYS_gettid));
  }, 10);
}

}  // namespace
}  // namespace ashlar::explorer
