#include "stress/console/table.h"

#include <string>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

TEST(Table, AnOutcomeIsARowAndAFindingALine) {
  const Outcome good{.scenario = "replay",
                     .allocator = "ashlar",
                     .events = 1'000'000,
                     .seconds = 2,
                     .most_threads = 7,
                     .most_live_bytes = 3 << 20,
                     .most_footprint_bytes = 4 << 20};
  const Outcome bad{.scenario = "heap",
                    .allocator = "/lib/x.so",
                    .findings = {{.oracle = "overlap", .message = "two blocks meet", .times = 3},
                                 {.oracle = "counts", .message = "one too many", .times = 1}}};
  EXPECT_EQ(FormatTable({good, bad}),
            "scenario  allocator   calls  threads  seconds  calls/s     live  footprint  verdict\n"
            "replay    ashlar     1.00 M        7     2.00    500 k  3.0 MiB    4.0 MiB  passed\n"
            "heap      /lib/x.so       0        0     0.00        0      0 B        0 B  FAILED\n"
            "heap: overlap: two blocks meet (and 2 times more)\n"
            "heap: counts: one too many\n");
}

}  // namespace
}  // namespace ashlar::stress
