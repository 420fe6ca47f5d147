#include "counter.h"

#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace {

using ashlar::explorer::Explore;
using ashlar::explorer::Result;

template <typename Raise>
Result ExploreTwo(Raise raise) {
  return Explore({.executions = 2000}, [&] {
    Counter counter;
    std::thread a([&] { raise(counter); });
    std::thread b([&] { raise(counter); });
    a.join();
    b.join();
    ASHLAR_REQUIRE(counter.count == 2);
  });
}

TEST(Counter, LosesNoStep) {
  const Result result = ExploreTwo([](Counter& counter) { counter.Raise(); });
  EXPECT_TRUE(result.clean()) << result.report;
}

TEST(Counter, LosesStepsIfItLoadsAndStores) {
  const Result result = ExploreTwo([](Counter& counter) { counter.RaiseBadly(); });
  EXPECT_STREQ(result.failure, "counter_test.cc:21: does not hold: counter.count == 2");
}

}  // namespace
