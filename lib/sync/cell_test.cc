#include "ashlar/internal/sync/cell.h"

#include <atomic>
#include <cstdint>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

template <typename Model>
class CellOfEitherModel : public ::testing::Test {};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(CellOfEitherModel, Models);

TYPED_TEST(CellOfEitherModel, EachOperationAnswersWhatWasThereBefore) {
  Cell<std::uint32_t, TypeParam> cell(10);
  EXPECT_EQ(cell.FetchAdd(5, kRelaxed), 10u);
  EXPECT_EQ(cell.FetchSub(16, kRelaxed), 15u);
  EXPECT_EQ(cell.FetchAnd(0xff, kRelaxed), 0xffffffffu);
  EXPECT_EQ(cell.FetchOr(0x100, kRelaxed), 0xffu);
  EXPECT_EQ(cell.Exchange(7, kRelaxed), 0x1ffu);
  EXPECT_EQ(cell.Load(kRelaxed), 7u);
  cell.Store(8, kRelaxed);
  EXPECT_EQ(cell.Load(kRelaxed), 8u);
}

TYPED_TEST(CellOfEitherModel, AFailedSwapTellsWhatIsThere) {
  Cell<std::uint32_t, TypeParam> cell(1);
  std::uint32_t expected = 2;
  EXPECT_FALSE(cell.CompareExchange(expected, 3, kRelaxed, kRelaxed));
  EXPECT_EQ(expected, 1u);
  while (!cell.CompareExchange(expected, 3, kRelaxed, kRelaxed)) {
  }
  EXPECT_EQ(cell.Load(kRelaxed), 3u);
}

TYPED_TEST(CellOfEitherModel, IsAsLargeAsItsValue) {
  EXPECT_EQ(sizeof(Cell<std::uint64_t, TypeParam>), 8u);
  EXPECT_EQ(sizeof(Cell<std::uint32_t, TypeParam>), 4u);
}

}  // namespace
}  // namespace ashlar::internal
