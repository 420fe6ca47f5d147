// The standard library's means of waiting, unmodified, under the explorer: promises, locks,
// semaphores, barriers, stop tokens. Each hands over plain data, so that a missing edge is a data
// race; all must run clean, and where two things can happen, both do.
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

namespace ashlar::explorer {
namespace {

using std::chrono::milliseconds;

// What threads hand to each other. Static, as clang does not instrument fields of local objects.
int data;
int more;

TEST(StandardLibrary, AFutureHandsOverWhatWasWrittenBeforeItsPromise) {
  ExpectClean([] {
    data = 0;
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::thread writer([&] {
      data = 1;
      promise.set_value(5);
    });
    ASHLAR_REQUIRE(future.get() == 5 && data == 1);
    writer.join();
  });
}

TEST(StandardLibrary, AFutureHandsOverAnException) {
  ExpectClean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::thread thrower([&] {
      data = 2;
      promise.set_exception(std::make_exception_ptr(std::runtime_error("thrown")));
    });
    bool caught = false;
    try {
      future.get();
    } catch (const std::runtime_error& error) {
      caught = error.what() == std::string("thrown");
    }
    ASHLAR_REQUIRE(caught && data == 2);
    thrower.join();
  });
}

TEST(StandardLibrary, AForgottenPromiseIsABrokenOne) {
  ExpectClean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::thread forgetful([mine = std::move(promise)]() mutable { std::promise<int>(std::move(mine)); });
    try {
      future.get();
      ASHLAR_REQUIRE(false);
    } catch (const std::future_error& error) {
      ASHLAR_REQUIRE(error.code() == std::future_errc::broken_promise);
    }
    forgetful.join();
  });
}

TEST(StandardLibrary, ASharedFutureServesTwoThreads) {
  ExpectClean([] {
    data = 0;
    std::promise<void> promise;
    const std::shared_future<void> future = promise.get_future().share();
    std::thread writer([&] {
      data = 1;
      promise.set_value();
    });
    const auto wait = [&] {
      const std::shared_future<void> mine = future;
      mine.wait();
      ASHLAR_REQUIRE(data == 1);
    };
    InParallel(wait, wait);
    writer.join();
  });
}

TEST(StandardLibrary, AFutureWithATimeLimitIsReadyOrNot) {
  ClearOutcomes();
  ExpectClean([] {
    data = 0;
    std::promise<void> promise;
    const std::future<void> future = promise.get_future();
    InParallel(
        [&] {
          data = 1;
          promise.set_value();
        },
        [&] {
          const bool ready = future.wait_for(milliseconds(1)) == std::future_status::ready;
          if (ready) ASHLAR_REQUIRE(data == 1);
          NoteOutcome(ready ? "ready" : "timeout");
        });
  });
  EXPECT_EQ(NotedOutcomes(), "ready, timeout");
}

TEST(StandardLibrary, AsyncReturnsWhatItsThreadDid) {
  ExpectClean([] {
    data = 0;
    std::future<int> eager = std::async(std::launch::async, [] {
      data = 2;
      return 7;
    });
    std::future<int> lazy = std::async(std::launch::deferred, [] { return data; });
    ASHLAR_REQUIRE(eager.get() == 7 && data == 2);
    ASHLAR_REQUIRE(lazy.get() == 2);
  });
}

TEST(StandardLibrary, APackagedTaskReturnsToWhoeverWaits) {
  ExpectClean([] {
    data = 0;
    std::packaged_task<int(int)> task([](int n) {
      data = n;
      return n + 1;
    });
    std::future<int> future = task.get_future();
    std::thread worker(std::move(task), 3);
    ASHLAR_REQUIRE(future.get() == 4 && data == 3);
    worker.join();
  });
}

TEST(StandardLibrary, CallOnceCallsOnceAndAllSeeIt) {
  ExpectClean([] {
    data = 0;
    std::once_flag once;
    const auto call = [&] {
      std::call_once(once, [] { ++data; });
      ASHLAR_REQUIRE(data == 1);
    };
    std::thread third(call);
    InParallel(call, call);
    third.join();
  });
}

TEST(StandardLibrary, CallOnceCallsAgainAfterAnExceptionalReturn) {
  ExpectClean([] {
    data = more = 0;
    std::once_flag once;
    const auto call = [&] {
      try {
        std::call_once(once, [] {
          if (++data == 1) throw std::runtime_error("the first one");
        });
        ASHLAR_REQUIRE(data == 2);
      } catch (const std::runtime_error&) {
        ++more;  // one thread only
      }
    };
    std::thread third(call);
    InParallel(call, call);
    third.join();
    ASHLAR_REQUIRE(data == 2 && more == 1);
  });
}

TEST(StandardLibrary, ASemaphoreHandsOver) {
  ExpectClean([] {
    data = more = 0;
    std::counting_semaphore<4> semaphore(0);
    std::thread second([&] {
      semaphore.acquire();
      semaphore.acquire();
      ASHLAR_REQUIRE(data + more == 2);
    });
    InParallel(
        [&] {
          data = 1;
          semaphore.release();
        },
        [&] {
          more = 1;
          semaphore.release();
        });
    second.join();
  });
}

TEST(StandardLibrary, ASemaphoreOfOneExcludes) {
  ExpectClean([] {
    data = 0;
    std::binary_semaphore semaphore(1);
    const auto add = [&] {
      while (!semaphore.try_acquire()) std::this_thread::yield();
      ++data;
      semaphore.release();
    };
    InParallel(add, add);
    ASHLAR_REQUIRE(data == 2);
  });
}

// A bug of libstdc++ 12, https://gcc.gnu.org/PR104928: acquire() takes the count that it will sleep
// on before it looks whether the count is 0 (bits/atomic_wait.h, _S_do_spin). If another thread
// takes the last one and gives it back in between, it goes to sleep on a count that is not 0, and
// nobody wakes it. No weak memory is needed for that.
TEST(StandardLibrary, ASemaphoreOfLibstdcxx12SleepsAlthoughItsCountIsNotZero) {
  const Result result = Explore({.executions = 20000, .weak_memory = false}, [] {
    std::binary_semaphore semaphore(1);
    const auto acquire_and_release = [&] {
      semaphore.acquire();
      Work();
      semaphore.release();
    };
    InParallel(
        [&] {
          acquire_and_release();
          acquire_and_release();
        },
        acquire_and_release);
  });
  ExpectFailure(result, "deadlock");
}

TEST(StandardLibrary, ASemaphoreWithATimeLimitIsAcquiredOrGivesUp) {
  ExpectClean([] {
    data = 0;
    std::binary_semaphore semaphore(0);
    InParallel(
        [&] {
          data = 1;
          semaphore.release();
        },
        [&] {
          if (semaphore.try_acquire_for(milliseconds(1))) ASHLAR_REQUIRE(data == 1);
        });
    while (semaphore.try_acquire()) {}
    ASHLAR_REQUIRE(!semaphore.try_acquire_for(milliseconds(1)));
  });
}

TEST(StandardLibrary, ALatchOpensOnceAllArrived) {
  ExpectClean([] {
    data = more = 0;
    std::latch latch(2);
    InParallel(
        [&] {
          data = 1;
          latch.arrive_and_wait();
          ASHLAR_REQUIRE(more == 1);
        },
        [&] {
          more = 1;
          latch.count_down();
          latch.wait();
          ASHLAR_REQUIRE(data == 1);
        });
  });
}

TEST(StandardLibrary, ABarrierCompletesEachPhaseBeforeTheNext) {
  ExpectClean([] {
    data = more = 0;
    std::barrier barrier(2, []() noexcept { ++more; });
    const auto work = [&](int id) {
      for (int phase = 0; phase < 3; ++phase) {
        if (phase % 2 == id) ++data;
        barrier.arrive_and_wait();
        ASHLAR_REQUIRE(more >= phase + 1);
        barrier.arrive_and_wait();
      }
      barrier.arrive_and_drop();
    };
    InParallel([&] { work(0); }, [&] { work(1); });
    ASHLAR_REQUIRE(data == 3 && more == 7);
  });
}

TEST(StandardLibrary, AStopTokenWakesAWaiter) {
  ExpectClean([] {
    data = 0;
    std::jthread waiter([&](std::stop_token token) {
      std::mutex mutex;
      std::condition_variable_any condition;
      std::unique_lock lock(mutex);
      ASHLAR_REQUIRE(!condition.wait(lock, token, [] { return false; }));
      data = 1;
    });
    ASHLAR_REQUIRE(waiter.request_stop());
    waiter.join();
    ASHLAR_REQUIRE(data == 1);
  });
}

TEST(StandardLibrary, AStopCallbackRunsOnceOrWasDeregistered) {
  ClearOutcomes();
  ExpectClean([] {
    data = 0;
    std::stop_source source;
    InParallel([&] { source.request_stop(); },
               [&] {
                 { std::stop_callback callback(source.get_token(), [] { ++data; }); }
                 NoteOutcome(data == 1 ? "ran" : "did not run");  // its end waits for its run
               });
    ASHLAR_REQUIRE(data <= 1);
  });
  EXPECT_EQ(NotedOutcomes(), "did not run, ran");
}

}  // namespace
}  // namespace ashlar::explorer
