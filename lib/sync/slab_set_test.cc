#include "ashlar/internal/sync/slab_set.h"

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

using Set = SlabSet<Concurrent>;

// One set of so many units, in a column of a table that has others beside it.
class Table {
 public:
  Table(std::size_t units, std::size_t stride, std::size_t column)
      : shape_(units), stride_(stride), column_(column), words_(shape_.total_words * stride) {}

  Set set() { return Set(words_.data(), shape_, stride_, column_); }
  const SlabSetShape& shape() const { return shape_; }
  Set::Word& word(unsigned level, std::size_t index) {
    return words_[(shape_.first_word[level] + index) * stride_ + column_];
  }
  // Bits set in other columns.
  std::size_t Strays() const {
    std::size_t strays = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (i % stride_ != column_ && words_[i].Load(std::memory_order_relaxed) != 0) ++strays;
    }
    return strays;
  }

 private:
  SlabSetShape shape_;
  std::size_t stride_;
  std::size_t column_;
  std::vector<Set::Word> words_;
};

// Walks up and down; both must meet exactly the members.
void ExpectMembers(Table& table, const std::set<std::size_t>& members) {
  std::size_t unit = 0;
  for (const std::size_t member : members) {
    ASSERT_TRUE(table.set().FindFrom(unit, &unit));
    ASSERT_EQ(unit, member);
    ++unit;
  }
  std::size_t none;
  EXPECT_FALSE(table.set().FindFrom(unit, &none));
  unit = table.shape().units;
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    ASSERT_TRUE(table.set().FindBelow(unit, &unit));
    ASSERT_EQ(unit, *member);
  }
  EXPECT_FALSE(table.set().FindBelow(unit, &none));
}

TEST(SlabSetShape, HasAWordForEach64AndALevelMoreWhileThereAreSeveral) {
  EXPECT_EQ(SlabSetShape(1).levels, 1u);
  EXPECT_EQ(SlabSetShape(64).levels, 1u);
  EXPECT_EQ(SlabSetShape(65).levels, 2u);
  EXPECT_EQ(SlabSetShape(64 * 64).levels, 2u);
  EXPECT_EQ(SlabSetShape(64 * 64 + 1).levels, 3u);
  EXPECT_EQ(SlabSetShape(64 * 64 + 1).total_words, 65u + 2u + 1u);
  EXPECT_EQ(SlabSetShape(std::size_t{1} << 30).levels, SlabSetShape::kMaxLevels);
}

TEST(SlabSet, TheEmptySetHasNoMember) {
  Table table(70, 1, 0);
  ExpectMembers(table, {});
}

TEST(SlabSet, TheFirstAndTheLastUnitAreFound) {
  for (const std::size_t units : {1u, 63u, 64u, 65u, 4096u, 4097u, 262144u, 262145u}) {
    Table table(units, 1, 0);
    table.set().Insert(0);
    table.set().Insert(units - 1);
    ExpectMembers(table, {0, units - 1});
    table.set().Remove(0);
    table.set().Remove(units - 1);
    ExpectMembers(table, {});
  }
}

TEST(SlabSet, InsertAndRemoveCanBeRepeated) {
  Table table(5000, 1, 0);
  for (int i = 0; i < 2; ++i) table.set().Insert(4242);
  ExpectMembers(table, {4242});
  for (int i = 0; i < 2; ++i) table.set().Remove(4242);
  ExpectMembers(table, {});
}

struct Dimensions {
  std::size_t units;
  std::size_t stride;
  std::size_t column;
};

class SlabSetOfAnyDepth : public ::testing::TestWithParam<Dimensions> {};

TEST_P(SlabSetOfAnyDepth, DoesAsASetDoes) {
  const auto [units, stride, column] = GetParam();
  Table table(units, stride, column);
  std::set<std::size_t> model;
  std::mt19937_64 random(units * 31 + stride);
  // Clusters, so that words become full and zero again.
  std::size_t cluster = 0;
  for (int step = 0; step < 20000; ++step) {
    if (step % 50 == 0) cluster = random() % units;
    const std::size_t unit = (cluster + random() % 130) % units;
    if (random() % 2 == 0) {
      table.set().Insert(unit);
      model.insert(unit);
    } else {
      table.set().Remove(unit);
      model.erase(unit);
    }
    const std::size_t from = random() % 2 == 0 ? unit : random() % units;
    std::size_t found;
    const auto next = model.lower_bound(from);
    ASSERT_EQ(table.set().FindFrom(from, &found), next != model.end());
    if (next != model.end()) {
      ASSERT_EQ(found, *next);
    }
    ASSERT_EQ(table.set().FindBelow(from, &found), next != model.begin());
    if (next != model.begin()) {
      ASSERT_EQ(found, *std::prev(next));
    }
  }
  ExpectMembers(table, model);
  EXPECT_EQ(table.Strays(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    LevelsAndStrides, SlabSetOfAnyDepth,
    ::testing::Values(Dimensions{1, 1, 0}, Dimensions{50, 3, 1}, Dimensions{64, 1, 0},
                      Dimensions{1000, 65, 64}, Dimensions{4096, 2, 0}, Dimensions{200000, 3, 2},
                      Dimensions{9000000, 1, 0}, Dimensions{20000000, 2, 1}));

// What a thread leaves behind that stopped for ever in the middle: bits without those above.
TEST(SlabSet, AnInsertHealsWhatAStoppedThreadLeft) {
  for (unsigned lost = 1; lost < 4; ++lost) {
    Table table(300000, 1, 0);  // four levels
    ASSERT_EQ(table.shape().levels, 4u);
    const std::size_t unit = 270000;
    table.set().Insert(unit);
    for (unsigned level = lost; level < 4; ++level) {
      table.word(level, unit >> (6 * level + 6)).Store(0, std::memory_order_relaxed);
    }
    std::size_t found;
    ASSERT_FALSE(table.set().FindFrom(0, &found));
    table.set().Insert(unit);
    ExpectMembers(table, {unit});
  }
}

TEST(SlabSet, AStaleBitAboveHidesNothing) {
  Table table(300000, 1, 0);
  table.set().Insert(200000);
  table.word(1, 0).FetchOr(0b11, std::memory_order_relaxed);
  table.word(2, 0).FetchOr(1, std::memory_order_relaxed);
  table.word(2, 0).FetchOr(Bit(60), std::memory_order_relaxed);
  ExpectMembers(table, {200000});
}

}  // namespace
}  // namespace ashlar::internal
