#include "stress/console/units.h"

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

TEST(Units, BytesAreScaledByPowersOfTwo) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(FormatBytes(std::uint64_t{13} << 20), "13.0 MiB");
  EXPECT_EQ(FormatBytes(std::uint64_t{5} << 30), "5.0 GiB");
  EXPECT_EQ(FormatBytes(~std::uint64_t{0}), "16777216.0 TiB");
}

TEST(Units, CountsHaveThreeDigits) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1.00 k");
  EXPECT_EQ(FormatCount(45'678), "45.7 k");
  EXPECT_EQ(FormatCount(785'932), "786 k");
  EXPECT_EQ(FormatCount(999'999), "1.00 M");
  EXPECT_EQ(FormatCount(4'561'234), "4.56 M");
}

}  // namespace
}  // namespace ashlar::stress
