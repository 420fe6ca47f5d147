// The standard library's objects that threads share or keep for themselves, unmodified, under the
// explorer: exceptions, statics, reference counts, thread-locals, containers; and many threads.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <syncstream>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

namespace ashlar::explorer {
namespace {

int data;

TEST(StandardLibrary, ExceptionsOfDifferentThreadsDoNotMix) {
  ExpectClean([] {
    std::atomic<int> turns = 0;
    const auto work = [&](int id) {
      try {
        turns.fetch_add(1);
        throw id;
      } catch (int caught) {
        turns.fetch_add(1);  // others throw and catch meanwhile
        try {
          throw std::runtime_error(std::to_string(id));
        } catch (const std::runtime_error& inner) {
          turns.fetch_add(1);
          ASHLAR_REQUIRE(inner.what() == std::to_string(id));
        }
        ASHLAR_REQUIRE(caught == id && std::uncaught_exceptions() == 0);
        try {
          throw;
        } catch (int again) {
          ASHLAR_REQUIRE(again == id);
        }
      }
    };
    InParallel([&] { work(1); }, [&] { work(2); });
  });
}

TEST(StandardLibrary, UncaughtExceptionsAreCountedForEachThread) {
  ExpectClean([] {
    std::atomic<int> turns = 0;
    struct Witness {
      std::atomic<int>* turns;
      ~Witness() {
        turns->fetch_add(1);
        ASHLAR_REQUIRE(std::uncaught_exceptions() == 1);
      }
    };
    const auto unwind = [&] {
      try {
        const Witness witness{&turns};
        throw 1;
      } catch (int) {
        ASHLAR_REQUIRE(std::uncaught_exceptions() == 0);
      }
    };
    InParallel(unwind, unwind);
  });
}

TEST(StandardLibrary, AnExceptionIsCarriedToAnotherThread) {
  struct Carried {
    int value;
    ~Carried() { ++data; }  // by whoever lets go of it last, after all others
  };
  ExpectClean([] {
    data = 0;
    std::exception_ptr carried;
    std::mutex mutex;
    InParallel(
        [&] {
          try {
            throw Carried{7};
          } catch (...) {
            const std::lock_guard lock(mutex);
            carried = std::current_exception();
          }
        },
        [&] {
          std::exception_ptr mine;
          {
            const std::lock_guard lock(mutex);
            mine = carried;
          }
          if (mine == nullptr) return;
          try {
            std::rethrow_exception(std::move(mine));
          } catch (const Carried& caught) {
            ASHLAR_REQUIRE(caught.value == 7 && data == 0);
          }
        });
    carried = nullptr;
    ASHLAR_REQUIRE(data == 1);
  });
}

TEST(StandardLibrary, AFunctionsStaticIsInitializedOnce) {
  ExpectClean([] {
    static int initializations;
    ASHLAR_REQUIRE(initializations == 0);  // each execution starts anew
    const auto use = [] {
      static const std::array<int, 3> values = {++initializations, 2, 3};
      ASHLAR_REQUIRE(values[0] == 1 && initializations == 1);
    };
    InParallel(use, use);
    use();
  });
}

TEST(StandardLibrary, AFunctionsStaticThatThrewIsInitializedAgain) {
  ExpectClean([] {
    static int attempts;
    data = 0;
    const auto use = [] {
      try {
        static const int value = [] {
          if (++attempts == 1) throw std::runtime_error("the first one");
          return attempts;
        }();
        ASHLAR_REQUIRE(value == 2);
      } catch (const std::runtime_error&) {
        ++data;  // one of them
      }
    };
    InParallel(use, use);
    use();
    ASHLAR_REQUIRE(attempts == 2 && data == 1);
  });
}

TEST(StandardLibrary, TheLastReferenceDestroysAfterAllOthers) {
  struct Shared {
    int value = 5;
    ~Shared() { value = 0; }  // a write: it must come after every read
  };
  ExpectClean([] {
    auto first = std::make_shared<Shared>();
    auto use = [mine = first]() mutable {
      ASHLAR_REQUIRE(mine->value == 5);
      mine.reset();
    };
    std::thread a(std::move(use));
    std::thread b([mine = std::move(first)] { ASHLAR_REQUIRE(mine->value == 5); });
    a.join();
    b.join();
  });
}

TEST(StandardLibrary, AWeakReferenceIsLockedOrExpired) {
  ClearOutcomes();
  ExpectClean([] {
    auto owner = std::make_shared<std::string>(30, 'x');
    const std::weak_ptr<std::string> weak = owner;
    InParallel([&] { owner.reset(); },
               [&] {
                 const std::shared_ptr<std::string> locked = weak.lock();
                 ASHLAR_REQUIRE(locked == nullptr || locked->size() == 30);
                 NoteOutcome(locked != nullptr ? "locked" : "expired");
               });
    ASHLAR_REQUIRE(weak.expired());
  });
  std::size_t count;
  Outcomes(&count);
  EXPECT_EQ(count, 2U);
}

TEST(StandardLibrary, SharedFromThisSharesTheSameCount) {
  struct Node : std::enable_shared_from_this<Node> {};
  ExpectClean([] {
    auto node = std::make_shared<Node>();
    const auto share = [mine = node] { ASHLAR_REQUIRE(mine->shared_from_this().use_count() >= 2); };
    InParallel(share, share);
    ASHLAR_REQUIRE(node.use_count() == 2);  // `share` holds one
  });
}

// libstdc++ 12 unlocks in load() with relaxed (bits/shared_ptr_atomic.h, _Atomic_count::unlock), so
// that the next store()'s plain write of the pointer is not ordered behind load()'s plain read of it.
TEST(StandardLibrary, AnAtomicSharedPointerOfLibstdcxx12HasADataRace) {
  const Result result = Explore({.executions = 5000}, [] {
    std::atomic<std::shared_ptr<int>> shared(std::make_shared<int>(1));
    InParallel([&] { shared.store(std::make_shared<int>(2)); },
               [&] { ASHLAR_REQUIRE(*shared.load() > 0); });
  });
  ASSERT_TRUE(result.failed);
  EXPECT_NE(std::string(result.failure).find("data race"), std::string::npos) << result.report;
}

TEST(StandardLibrary, AnAtomicSharedPointerIsRightButForThatRace) {
  const Result result = Explore({.executions = 5000, .races = Races::kIgnore, .leaks_fail = true}, [] {
    std::atomic<std::shared_ptr<int>> shared(std::make_shared<int>(1));
    InParallel(
        [&] {
          auto expected = shared.load();
          shared.compare_exchange_strong(expected, std::make_shared<int>(2));
        },
        [&] {
          shared.store(std::make_shared<int>(3));
          ASHLAR_REQUIRE(*shared.load() >= 2);
        });
    const std::shared_ptr<int> last = shared.load();
    ASHLAR_REQUIRE(*last >= 2 && last.use_count() == 2);
  });
  EXPECT_TRUE(result.clean()) << result.report;
}

// The free functions that came before it take a mutex of a pool.
TEST(StandardLibrary, TheOldAtomicFunctionsOnSharedPointersHold) {
  ExpectClean([] {
    auto shared = std::make_shared<int>(1);
    InParallel([&] { std::atomic_store(&shared, std::make_shared<int>(2)); },
               [&] { ASHLAR_REQUIRE(*std::atomic_load(&shared) > 0); });
    ASHLAR_REQUIRE(*shared == 2);
  });
}

// --- Thread-locals. ---

struct Cache {
  int held = 0;
  Cache* next = nullptr;
  ~Cache();
};
std::atomic<Cache*> registry;
std::atomic<int> flushed;
thread_local Cache cache;
thread_local int visits = 7;

Cache::~Cache() { flushed.fetch_add(held, std::memory_order_relaxed); }

TEST(StandardLibrary, ThreadLocalsAreEachThreadsOwnAndDestroyedAtItsEnd) {
  ExpectClean([] {
    ASHLAR_REQUIRE(registry.load() == nullptr && flushed.load() == 0);
    const auto work = [](int id) {
      ASHLAR_REQUIRE(visits == 7 && cache.held == 0);
      visits = id;
      cache.held = id;
      // The address of one's own escapes, and is another's than that of every other live thread.
      Cache* head = registry.load(std::memory_order_relaxed);
      do {
        ASHLAR_REQUIRE(head != &cache);
        cache.next = head;
      } while (!registry.compare_exchange_weak(head, &cache, std::memory_order_release,
                                               std::memory_order_acquire));
      ASHLAR_REQUIRE(visits == id && cache.held == id);
    };
    std::thread a(work, 1);
    std::thread b(work, 2);
    ASHLAR_REQUIRE(visits == 7);
    b.join();
    a.join();
    ASHLAR_REQUIRE(flushed.load(std::memory_order_relaxed) == 3);
  });
}

TEST(StandardLibrary, AnotherThreadMayUseAThreadLocalWhileItsOwnerLives) {
  ExpectClean([] {
    std::atomic<Cache*> handed = nullptr;
    std::atomic<bool> done = false;
    InParallel(
        [&] {
          handed.store(&cache, std::memory_order_release);
          while (!done.load(std::memory_order_acquire)) std::this_thread::yield();
          ASHLAR_REQUIRE(cache.held == 3);
        },
        [&] {
          Cache* theirs;
          while ((theirs = handed.load(std::memory_order_acquire)) == nullptr) {
            std::this_thread::yield();
          }
          theirs->held = 3;
          done.store(true, std::memory_order_release);
        });
    ASHLAR_REQUIRE(flushed.load(std::memory_order_relaxed) == 3);
  });
}

// --- Containers, streams, memory resources. ---

TEST(StandardLibrary, AMapOfStringsUnderAMutexHolds) {
  ExpectClean([] {
    std::mutex mutex;
    std::map<std::string, std::string> map;
    const auto fill = [&](int id) {
      for (int i = 0; i < 2; ++i) {
        const std::lock_guard lock(mutex);
        map[std::to_string(id * 10 + i) + ", a key longer than what a string holds in itself"] =
            std::string(100, static_cast<char>('a' + id));
      }
    };
    InParallel([&] { fill(1); }, [&] { fill(2); });
    ASHLAR_REQUIRE(map.size() == 4 && map.begin()->second == std::string(100, 'b'));
  });
}

TEST(StandardLibrary, StringStreamsOfTwoThreadsDoNotMeet) {
  ExpectClean([] {
    const auto write = [](int id) {
      std::ostringstream stream;
      stream << id << ' ' << 1.5 << ' ' << true << ' ' << std::hex << 255;
      ASHLAR_REQUIRE(stream.str() == std::to_string(id) + " 1.5 1 ff");
    };
    InParallel([&] { write(1); }, [&] { write(2); });
  });
}

TEST(StandardLibrary, ASynchronizedStreamKeepsLinesWhole) {
  ExpectClean([] {
    std::ostringstream stream;
    const auto write = [&] {
      std::osyncstream synchronized(stream);
      synchronized << "one ";
      Work();  // the other one writes meanwhile
      synchronized << "line\n";
    };
    InParallel(write, write);
    ASHLAR_REQUIRE(stream.str() == "one line\none line\n");
  });
}

TEST(StandardLibrary, ASynchronizedPoolServesTwoThreads) {
  ExpectClean([] {
    std::pmr::synchronized_pool_resource pool;
    const auto use = [&](int id) {
      std::pmr::vector<int> numbers({id, id, id}, &pool);
      for (int i = 0; i < 20; ++i) numbers.push_back(id);
      for (int number : numbers) ASHLAR_REQUIRE(number == id);
    };
    InParallel([&] { use(1); }, [&] { use(2); });
  });
}

// --- Many threads, and time. ---

TEST(StandardLibrary, FortyThreadsLiveAtOnce) {
  const auto body = [] {
    constexpr int kThreads = 40;
    static std::array<int, kThreads> slots;
    std::atomic<int> arrived = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        slots[static_cast<std::size_t>(i)] = i;
        arrived.fetch_add(1, std::memory_order_release);
        while (arrived.load(std::memory_order_acquire) < kThreads) std::this_thread::yield();
        ASHLAR_REQUIRE(slots[static_cast<std::size_t>(kThreads - 1 - i)] == kThreads - 1 - i);
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  const Result result = Explore({.executions = 300, .leaks_fail = true}, body);
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.most_threads, 41U);
}

TEST(StandardLibrary, ThreadsMayFollowEachOtherWithoutEnd) {
  ExpectClean([] {
    data = 0;
    for (int i = 0; i < 100; ++i) std::thread([] { ++data; }).join();
    ASHLAR_REQUIRE(data == 100);
  }, 300);
}

TEST(StandardLibrary, SleepingAndYieldingLetOthersRunAndOrderNothing) {
  const Result result = Explore({.executions = 3000}, [] {
    data = 0;
    InParallel([] { data = 1; },
               [] {
                 std::this_thread::yield();
                 std::this_thread::sleep_for(std::chrono::hours(1));
                 ASHLAR_REQUIRE(data == 1);  // nobody promises that
               });
  });
  ASSERT_TRUE(result.failed);
  EXPECT_NE(std::string(result.failure).find("data race"), std::string::npos) << result.report;
}

}  // namespace
}  // namespace ashlar::explorer
