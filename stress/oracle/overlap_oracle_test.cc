#include "stress/oracle/overlap_oracle.h"

#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"
#include "stress/oracle/block.h"
#include "stress/oracle/findings.h"

namespace ashlar::stress {
namespace {

constexpr std::uintptr_t kBase = 0x1000'0000'0000;

// Nobody looks into it.
Block At(std::uintptr_t offset, std::size_t size_bytes) {
  return {.start = reinterpret_cast<char*>(kBase + offset),
          .size_bytes = size_bytes,
          .extent_bytes = size_bytes};
}

TEST(OverlapOracle, SpeaksOfTheBlockThatMeetsAnother) {
  Findings findings;
  OverlapOracle oracle(findings);
  oracle.AfterAllocate(At(0, 100));
  EXPECT_TRUE(findings.List().empty());
  oracle.AfterAllocate(At(99, 10));
  ASSERT_EQ(findings.List().size(), 1u);
  EXPECT_EQ(findings.List()[0].message, "10 bytes at 0x100000000063 overlap another live block");
}

TEST(OverlapOracle, MoreAddressesThanItCanFollowAreNoFaultOfTheAllocator) {
  Findings findings;
  OverlapOracle oracle(findings);
  oracle.AfterAllocate(At(0, OverlapMap::kReachBytes));
  EXPECT_FALSE(findings.IsOver());
  oracle.AfterAllocate(At(OverlapMap::kReachBytes, 1));
  EXPECT_TRUE(findings.IsOver());
  EXPECT_TRUE(findings.List().empty());
  EXPECT_EQ(findings.Limit(),
            "no verdict: 1 bytes at 0x104000000000 are more than the overlap map can follow, which "
            "is 256 GiB of addresses and what memory there is for itself");
}

}  // namespace
}  // namespace ashlar::stress
