#include "stress/console/json.h"

#include <string>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

TEST(Json, AnOutcomeIsAnObjectAndAFindingOneInIt) {
  const Outcome good{.scenario = "replay",
                     .allocator = "ashlar",
                     .events = 1'000'000,
                     .seconds = 2,
                     .most_threads = 7,
                     .most_live_bytes = 30,
                     .most_footprint_bytes = 40};
  const Outcome bad{.scenario = "heap",
                    .allocator = "/lib/\"x\".so",
                    .findings = {{.oracle = "overlap", .message = "a\nb\xff\\", .times = 3},
                                 {.oracle = "counts", .message = "one", .times = 1}}};
  EXPECT_EQ(FormatJson(7, {good, bad}),
            R"({"seed": 7, "passed": false, "scenarios": [
  {"scenario": "replay", "allocator": "ashlar", "calls": 1000000, "threads": 7, "seconds": 2.000, )"
            R"("live_bytes": 30, "footprint_bytes": 40, "passed": true,
   "findings": []},
  {"scenario": "heap", "allocator": "/lib/\"x\".so", "calls": 0, "threads": 0, "seconds": 0.000, )"
            R"("live_bytes": 0, "footprint_bytes": 0, "passed": false,
   "findings": [{"oracle": "overlap", "message": "a\u000ab\u00ff\\", "times": 3}, )"
            R"({"oracle": "counts", "message": "one", "times": 1}]}
]}
)");
}

TEST(Json, NoOutcomeIsNoFailure) {
  EXPECT_EQ(FormatJson(1, {}), "{\"seed\": 1, \"passed\": true, \"scenarios\": [\n\n]}\n");
}

}  // namespace
}  // namespace ashlar::stress
