#include "ashlar/internal/base/packed_word.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

using Low = PackedField<0, 24>;
using Middle = PackedField<Low::kEnd, 1>;
using High = PackedField<Middle::kEnd, 39>;
using Whole = PackedField<0, 64>;
static_assert(High::kEnd == 64);

TEST(PackedWord, FieldsCoverTheWordAndDoNotOverlap) {
  EXPECT_EQ(Low::kMask | Middle::kMask | High::kMask, ~std::uint64_t{0});
  EXPECT_EQ(Low::kMask & Middle::kMask, 0u);
  EXPECT_EQ(Middle::kMask & High::kMask, 0u);
  EXPECT_EQ(Whole::kMask, ~std::uint64_t{0});
  EXPECT_EQ(Middle::kUnit, std::uint64_t{1} << 24);
}

TEST(PackedWord, PuttingOneFieldLeavesTheOthers) {
  std::uint64_t word = 0;
  word = Low::Put(word, Low::kMax);
  word = High::Put(word, 0x12345);
  word = Middle::Put(word, 1);
  EXPECT_EQ(Low::Get(word), Low::kMax);
  EXPECT_EQ(Middle::Get(word), 1u);
  EXPECT_EQ(High::Get(word), 0x12345u);
  word = Low::Put(word, 7);
  word = Middle::Put(word, 0);
  EXPECT_EQ(Low::Get(word), 7u);
  EXPECT_EQ(Middle::Get(word), 0u);
  EXPECT_EQ(High::Get(word), 0x12345u);
}

TEST(PackedWord, AValueTooWideWrapsInsideItsField) {
  const std::uint64_t word = Low::Put(High::Put(0, 5), Low::kMax + 3);
  EXPECT_EQ(Low::Get(word), 2u);
  EXPECT_EQ(Middle::Get(word), 0u);
  EXPECT_EQ(High::Get(word), 5u);
  EXPECT_EQ(Whole::Get(Whole::Put(0, ~std::uint64_t{0})), ~std::uint64_t{0});
}

}  // namespace
}  // namespace ashlar::internal
