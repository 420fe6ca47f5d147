// The example of the top-level README: its test, and the failure that it is to have.
#include "stress/explorer/example/free_list.h"

#include <atomic>
#include <cstdio>
#include <string_view>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace {

using namespace ashlar::explorer;  // NOLINT: as a user writes it

TEST(FreeList, NobodyIsGivenWhatAnotherHas) {
  const Result result = Explore({.executions = 20000}, [] {
    FreeList list;
    std::atomic<bool> taken[3] = {};
    const auto take = [&] {
      const int number = list.Take();
      if (number >= 0) ASHLAR_REQUIRE(!taken[number].exchange(true));
      return number;
    };
    std::thread a([&] { take(), take(); });
    std::thread b([&] {
      const int number = take();
      take();
      if (number >= 0) taken[number] = false, list.GiveBack(number);
    });
    a.join();
    b.join();
  });
  EXPECT_TRUE(result.failed);
  EXPECT_NE(std::string_view(result.failure).find("!taken[number].exchange(true)"),
            std::string_view::npos)
      << result.report;
  std::fputs(result.report, stdout);
}

}  // namespace
