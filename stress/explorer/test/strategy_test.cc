// How often a strategy passes from one thread to another: what it says of itself.
#include <atomic>
#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

namespace ashlar::explorer {
namespace {

// Of the steps of two threads that both have more of them, how many followed one of the other's.
double ShareOfSwitches(Strategy strategy) {
  struct Count {
    double steps = 0;
    double switches = 0;
  };
  // Not the body's, so that it is not rolled back.
  const auto count = std::make_unique<Count>();
  const Result result = Explore(
      {.executions = 2000, .strategy = strategy, .races = Races::kIgnore, .weak_memory = false}, [&] {
        constexpr int kSteps = 60;
        std::atomic<int> step = 0;  // each changes it: a thread that changes nothing makes way
        int last = 0;
        int left[3] = {0, kSteps, kSteps};
        const auto work = [&](int me) {
          for (; left[me] > 0; --left[me]) {
            step.fetch_add(1, std::memory_order_relaxed);
            const bool is_switch = std::exchange(last, me) != me;
            if (left[1] == kSteps || left[2] == kSteps || left[3 - me] == 0) continue;
            ++count->steps;
            if (is_switch) ++count->switches;
          }
        };
        InParallel([&] { work(1); }, [&] { work(2); });
      });
  EXPECT_TRUE(result.clean()) << result.report;
  return count->switches / count->steps;
}

TEST(Strategy, RandomPassesOnAtEverySecondStepOfTwoThreads) {
  EXPECT_NEAR(ShareOfSwitches(Strategy::kRandom), 0.5, 0.02);
}

// It goes on with 208 of 256, else with either.
TEST(Strategy, StickyGoesOnForSomeSteps) {
  EXPECT_NEAR(ShareOfSwitches(Strategy::kSticky), 48.0 / 256 / 2, 0.01);
}

TEST(Strategy, PrioritiesHardlyEverChange) {
  const double share = ShareOfSwitches(Strategy::kPct);
  EXPECT_GT(share, 0.001);
  EXPECT_LT(share, 0.05);
}

}  // namespace
}  // namespace ashlar::explorer
