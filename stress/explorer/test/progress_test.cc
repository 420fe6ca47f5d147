// The progress oracle: a thread that has stopped for ever must not stop the others.
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::explorer {
namespace {

using ::testing::HasSubstr;
using mo = std::memory_order;

struct Counter {
  std::atomic<bool> locked{false};
  std::atomic<int> count{0};

  [[gnu::noinline]] void AddLocked() {
    while (locked.exchange(true, mo::acquire)) {}
    count.store(count.load(mo::relaxed) + 1, mo::relaxed);
    locked.store(false, mo::release);
  }
  [[gnu::noinline]] void DocumentedAddLocked() { AddLocked(); }
  void Add() { count.fetch_add(1, mo::relaxed); }
};

template <typename Add>
void AddInTwoThreads(Add add) {
  auto counter = std::make_unique<Counter>();
  std::thread a([&] { add(*counter); });
  std::thread b([&] { add(*counter); });
  a.join();
  b.join();
}

constexpr Options kStopping = {.executions = 2000, .max_steps = 2000, .stop_threads = true};

TEST(Progress, AHiddenSpinLockIsFound) {
  const Result result = Explore(kStopping, [] { AddInTwoThreads([](Counter& c) { c.AddLocked(); }); });
  EXPECT_TRUE(result.failed);
  EXPECT_THAT(std::string(result.failure), HasSubstr("has stopped: a lock"));
  EXPECT_THAT(std::string(result.report), HasSubstr("STOPS FOR EVER"));
}

TEST(Progress, ALockFreePathIsClean) {
  const Result result = Explore(kStopping, [] { AddInTwoThreads([](Counter& c) { c.Add(); }); });
  EXPECT_TRUE(result.clean()) << result.report;
}

TEST(Progress, AMutexOfTheCLibraryIsFoundAsWell) {
  const Result result = Explore(kStopping, [] {
    std::mutex mutex;
    AddInTwoThreads([&](Counter& c) {
      std::lock_guard guard(mutex);
      c.Add();
    });
  });
  EXPECT_THAT(std::string(result.failure), HasSubstr("waits for ever, as T"));
}

TEST(Progress, ADeclaredBlockingPathIsExcusedAndCounted) {
  AllowBlocking("DocumentedAddLocked");
  const std::uint64_t before = BlockedByDeclaration();
  const Result result =
      Explore(kStopping, [] { AddInTwoThreads([](Counter& c) { c.DocumentedAddLocked(); }); });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_GT(BlockedByDeclaration(), before);
}

}  // namespace
}  // namespace ashlar::explorer
