#include "ashlar/internal/base/bits.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

TEST(Bits, OneIsAPowerOfTwoAndZeroIsNone) {
  EXPECT_FALSE(IsPowerOfTwo(0));
  EXPECT_TRUE(IsPowerOfTwo(1));
  EXPECT_FALSE(IsPowerOfTwo(3));
  EXPECT_TRUE(IsPowerOfTwo(std::size_t{1} << 63));
  EXPECT_FALSE(IsPowerOfTwo((std::size_t{1} << 63) + 1));
}

TEST(Bits, RoundingGoesToTheNextMultipleAndStaysOnOne) {
  EXPECT_EQ(RoundDown(0, 16), 0u);
  EXPECT_EQ(RoundDown(15, 16), 0u);
  EXPECT_EQ(RoundDown(16, 16), 16u);
  EXPECT_EQ(RoundDown(SIZE_MAX, 4096), SIZE_MAX - 4095);
  EXPECT_EQ(RoundUp(0, 16), 0u);
  EXPECT_EQ(RoundUp(1, 16), 16u);
  EXPECT_EQ(RoundUp(16, 16), 16u);
  EXPECT_EQ(RoundUp(17, 1), 17u);
}

TEST(Bits, DivideUpNeverOverflows) {
  EXPECT_EQ(DivideUp(0, 7), 0u);
  EXPECT_EQ(DivideUp(1, 7), 1u);
  EXPECT_EQ(DivideUp(7, 7), 1u);
  EXPECT_EQ(DivideUp(8, 7), 2u);
  EXPECT_EQ(DivideUp(SIZE_MAX, SIZE_MAX), 1u);
  EXPECT_EQ(DivideUp(SIZE_MAX, 2), (SIZE_MAX >> 1) + 1);
}

TEST(Bits, LogarithmsMeetAtPowersOfTwo) {
  EXPECT_EQ(CeilLog2(1), 0u);
  for (unsigned log = 1; log < 64; ++log) {
    EXPECT_EQ(FloorLog2(Bit(log)), log);
    EXPECT_EQ(FloorLog2(Bit(log) - 1), log - 1);
    EXPECT_EQ(CeilLog2(Bit(log)), log);
    if (log > 1) {
      EXPECT_EQ(CeilLog2(Bit(log) - 1), log);
      EXPECT_EQ(CeilLog2(Bit(log - 1) + 1), log);
    }
  }
}

TEST(Bits, LowBitsAreAsManyAsWereAskedFor) {
  EXPECT_EQ(LowBits(0), 0u);
  for (unsigned n = 1; n <= 64; ++n) {
    EXPECT_EQ(std::popcount(LowBits(n)), static_cast<int>(n));
    EXPECT_EQ(FloorLog2(LowBits(n)), n - 1);
  }
  EXPECT_EQ(LowBits(70), ~std::uint64_t{0});
}

TEST(Bits, TheLowestSetBitsAreASubsetBelowAllOthers) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t bits = random() & random();
    const unsigned n = static_cast<unsigned>(random() % 66);
    const std::uint64_t lowest = LowestSetBits(bits, n);
    const int all = std::popcount(bits);
    EXPECT_EQ(std::popcount(lowest), all < static_cast<int>(n) ? all : static_cast<int>(n));
    EXPECT_EQ(lowest & ~bits, 0u);
    const std::uint64_t rest = bits & ~lowest;
    if (rest != 0 && lowest != 0) {
      EXPECT_LT(FloorLog2(lowest), std::countr_zero(rest));
    }
  }
}

TEST(Bits, AnAddressComesBackAsThePointer) {
  int value = 0;
  EXPECT_EQ(PointerTo<int>(AddressOf(&value)), &value);
  EXPECT_EQ(AddressOf(nullptr), 0u);
}

}  // namespace
}  // namespace ashlar::internal
