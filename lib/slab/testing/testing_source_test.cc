#include "lib/slab/testing/testing_source.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "gtest/gtest.h"

namespace ashlar::testing {
namespace {

TEST(TestingSource, CountsWhatIsOut) {
  TestingSource source;
  const MemoryBlock a = source.Acquire(100);
  const MemoryBlock b = source.Acquire(std::size_t{1} << 20);
  ASSERT_NE(a.start, nullptr);
  ASSERT_NE(b.start, nullptr);
  EXPECT_GE(a.size_bytes, 100u);
  std::memset(b.start, 0xa5, b.size_bytes);
  EXPECT_EQ(source.blocks(), 2u);
  EXPECT_EQ(source.bytes(), a.size_bytes + b.size_bytes);
  source.Release(a);
  EXPECT_EQ(source.bytes(), b.size_bytes);
  source.Release(b);
  EXPECT_EQ(source.blocks(), 0u);
  EXPECT_EQ(source.acquired(), 2u);
}

TEST(TestingSource, FailsOnDemand) {
  TestingSource source;
  source.GiveOnly(1);
  const MemoryBlock block = source.Acquire(1);
  EXPECT_NE(block.start, nullptr);
  EXPECT_EQ(source.Acquire(1).start, nullptr);
  EXPECT_EQ(source.refused(), 1u);
  source.Release(block);
  EXPECT_EQ(source.Acquire(1).start, nullptr);
  source.GiveAll();
  source.Release(source.Acquire(1));
  EXPECT_EQ(source.acquired(), 2u);
}

TEST(TestingSource, RefusesMoreThanTheSystemHas) {
  TestingSource source;
  EXPECT_EQ(source.Acquire(SIZE_MAX).start, nullptr);
  EXPECT_EQ(source.refused(), 1u);
}

TEST(TestingSourceDeathTest, ABlockThatItDidNotGiveEndsTheProcess) {
  TestingSource source;
  const MemoryBlock block = source.Acquire(1);
  EXPECT_DEATH(source.Release({block.start, block.size_bytes + 1}), "ashlar: ");
  source.Release(block);
  EXPECT_DEATH(source.Release(block), "ashlar: ");
}

}  // namespace
}  // namespace ashlar::testing
