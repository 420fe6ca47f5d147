// How large an execution may be; and that reaching a limit is said.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::explorer {
namespace {

using ::testing::HasSubstr;
using mo = std::memory_order;

void StartThreads(int count) {
  auto sum = std::make_unique<std::atomic<int>>(0);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&] { sum->fetch_add(1, mo::acq_rel); });
  for (std::thread& thread : threads) thread.join();
  ASHLAR_REQUIRE(sum->load(mo::relaxed) == count);
}

TEST(Limits, ThirtyTwoThreadsAndMoreLiveAtOnce) {
  const Result result = Explore({.executions = 100}, [] { StartThreads(60); });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.most_threads, 61U);
}

TEST(Limits, TooManyThreadsAreNamed) {
  const Result result = Explore({.executions = 100, .report = false}, [] { StartThreads(100); });
  EXPECT_THAT(std::string(result.failure), HasSubstr("more than 63 threads"));
}

// A race between threads beyond the first eight is seen as well.
TEST(Limits, TheLastOfManyThreadsIsWatchedLikeTheFirst) {
  const Result result = Explore({.executions = 200, .report = false}, [] {
    auto plain = std::make_unique<int>(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 40; ++i) {
      threads.emplace_back([&, i] { if (i >= 38) *plain = i; });
    }
    for (std::thread& thread : threads) thread.join();
  });
  EXPECT_THAT(std::string(result.failure), HasSubstr("data race: write by T4"));
}

std::atomic<int>* volatile g_words;  // the compiler may think that others look

void TouchLocations(int count) {
  auto words = std::make_unique<std::atomic<int>[]>(static_cast<std::size_t>(count));
  g_words = words.get();
  for (int i = 0; i < count; ++i) words[i].store(i, mo::relaxed);
}

TEST(Limits, SixtyFiveThousandLocationsAreKnown) {
  const Options options{.executions = 2, .max_steps = 200'000};
  const Result result = Explore(options, [] { TouchLocations(65'000); });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_GE(result.most_locations, 65'000U);
}

TEST(Limits, TooManyLocationsAreNamed) {
  const Options options{.executions = 1, .max_steps = 200'000, .report = false};
  const Result result = Explore(options, [] { TouchLocations(70'000); });
  EXPECT_THAT(std::string(result.failure), HasSubstr("more than 65536 atomic locations"));
}

TEST(Limits, AMillionStepsAreTaken) {
  const Result result = Explore({.executions = 1, .max_steps = 2'000'000}, [] {
    auto count = std::make_unique<std::atomic<int>>(0);
    const auto work = [&] { for (int i = 0; i < 600'000; ++i) count->fetch_add(1, mo::relaxed); };
    std::thread a(work);
    std::thread b(work);
    a.join();
    b.join();
    ASHLAR_REQUIRE(count->load(mo::relaxed) == 1'200'000);
  });
  EXPECT_TRUE(result.clean()) << result.failure;
  EXPECT_GT(result.steps, 1'200'000U);
}

// Stale reads of one location are bounded; a search that met the bound is not called complete.
TEST(Limits, ABoundedSearchIsNotCalledComplete) {
  const Result result = Explore(
      {.executions = 200'000, .strategy = Strategy::kExhaustive, .preemptions = 1, .reuse = Reuse::kNever},
      [] {
        auto x = std::make_unique<std::atomic<int>>(0);
        const auto work = [&] { for (int i = 0; i < 3; ++i) x->fetch_add(1, mo::relaxed); };
        std::thread a(work);
        std::thread b(work);
        a.join();
        b.join();
      });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.extent, Extent::kCompleteWithinPreemptions);
}

}  // namespace
}  // namespace ashlar::explorer
