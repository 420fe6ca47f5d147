#include "ashlar/internal/sizes/size_class.h"

#include <cstddef>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

TEST(SizeClass, ClassesGrowAndAreMultiplesOfTheGranule) {
  EXPECT_EQ(SizeOfClass(0), 0u);
  for (unsigned c = 1; c < kClasses; ++c) {
    EXPECT_GT(SizeOfClass(c), SizeOfClass(c - 1));
    EXPECT_EQ(SizeOfClass(c) % kGranule, 0u);
  }
  EXPECT_EQ(SizeOfClass(kClasses - 1), kClassedMax);
}

TEST(SizeClass, EachSizeHasTheSmallestClassThatHoldsIt) {
  for (std::size_t size = 0; size <= kClassedMax; ++size) {
    const unsigned c = ClassOfSize(size);
    ASSERT_GE(c, 1u);
    ASSERT_LT(c, kClasses);
    ASSERT_GE(SizeOfClass(c), size);
    if (c > 1) {
      ASSERT_LT(SizeOfClass(c - 1), size);
    }
  }
}

TEST(SizeClass, ASizeOfAClassHasThatClass) {
  for (unsigned c = 1; c < kClasses; ++c) EXPECT_EQ(ClassOfSize(SizeOfClass(c)), c);
}

TEST(SizeClass, RoundingAddsAnEighthAtMostOrWhatAlignmentAsksFor) {
  for (std::size_t size = 1; size <= kClassedMax; ++size) {
    const std::size_t slot = SizeOfClass(ClassOfSize(size));
    if (size > 112) {
      ASSERT_LE((slot - size) * 8, slot) << size;
    } else {
      ASSERT_LE(slot - size, kGranule - 1) << size;
    }
  }
}

TEST(SizeClass, AlignedClassesAreTheSmallestThatFitAndAlign) {
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    for (std::size_t size = 0; size <= kClassedMax; ++size) {
      unsigned smallest = ClassOfSize(size);
      while (smallest < kClasses && SizeOfClass(smallest) % alignment != 0) ++smallest;
      if (smallest == kClasses) smallest = 0;
      ASSERT_EQ(ClassOfAligned(size, alignment), smallest) << size << " at " << alignment;
    }
  }
}

TEST(SizeClass, EverySizeUpToTheLargestHasAnAlignedClass) {
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    EXPECT_NE(ClassOfAligned(kClassedMax, alignment), 0u);
  }
}

TEST(SizeClass, WhatIsTooLargeOrTooAlignedHasNoClass) {
  EXPECT_EQ(ClassOfAligned(kClassedMax + 1, 1), 0u);
  EXPECT_EQ(ClassOfAligned(1, 8192), 0u);
  EXPECT_EQ(ClassOfAligned(SIZE_MAX, 16), 0u);
  EXPECT_EQ(ClassOfAligned(1, std::size_t{1} << 63), 0u);
}

}  // namespace
}  // namespace ashlar::internal
