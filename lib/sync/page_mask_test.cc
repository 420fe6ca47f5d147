#include "ashlar/internal/sync/page_mask.h"

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

template <typename Model>
class PageMaskOfEitherModel : public ::testing::Test {};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(PageMaskOfEitherModel, Models);

TYPED_TEST(PageMaskOfEitherModel, RemoveTellsWhichOfThePagesWereSet) {
  PageMask<TypeParam> mask;
  mask.Initialize();
  mask.Add(0b0110);
  mask.Add(0b1000'0000'0000'0000'0000'0000'0000'0000);
  EXPECT_EQ(mask.Remove(0b0011), 0b0010u);
  EXPECT_EQ(mask.Remove(0b0011), 0u);
  EXPECT_EQ(mask.Get(), 0x80000004u);
  mask.Initialize();
  EXPECT_EQ(mask.Get(), 0u);
}

}  // namespace
}  // namespace ashlar::internal
