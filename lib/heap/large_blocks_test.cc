#include "ashlar/internal/heap/large_blocks.h"

#include <cstddef>
#include <vector>

#include "ashlar/internal/span/arena_list.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"
#include "lib/heap/testing/block_pattern.h"
#include "lib/heap/testing/guarded_bytes.h"

namespace ashlar::internal {
namespace {

using ::ashlar::testing::FillBlock;
using ::ashlar::testing::GuardedBytes;
using ::ashlar::testing::IsFilled;

constexpr std::size_t kKiB = 1 << 10;
constexpr std::size_t kPage = 4 * kKiB;  // of a region of a MiB and more

// Two owners of runs over the same arenas.
class LargeBlocksTest : public ::testing::Test {
 protected:
  LargeBlocksTest() : bytes_(2048 * kKiB) {
    EXPECT_EQ(arenas_.Add(bytes_.start(), bytes_.size_bytes()), AddStatus::kAdded);
    ours_.Initialize(&arenas_, 1);
    theirs_.Initialize(&arenas_, 2);
  }
  ~LargeBlocksTest() override { arenas_.ReleaseAll(); }

  static void* New(LargeBlocks& blocks, std::size_t size_bytes) {
    bool zeroed = false;
    void* block = blocks.Allocate(size_bytes, 1, &zeroed);
    EXPECT_NE(block, nullptr);
    return block;
  }

  GuardedBytes bytes_;
  ArenaList<Concurrent> arenas_;
  LargeBlocks ours_;
  LargeBlocks theirs_;
};

TEST_F(LargeBlocksTest, FreeAllEndsEveryBlockOfTheOwnerAndNoOther) {
  void* kept[8];
  for (void*& block : kept) {
    New(ours_, kPage);
    block = New(theirs_, 2 * kPage);
    FillBlock(block, 2 * kPage, 1);
    New(ours_, 5 * kPage);
  }
  ours_.FreeAll();
  EXPECT_EQ(ours_.bytes(), 0u);
  EXPECT_EQ(theirs_.bytes(), arenas_.used_bytes());
  for (void* block : kept) {
    EXPECT_TRUE(IsFilled(block, 2 * kPage, 1));
    theirs_.Free(block);
  }
  EXPECT_EQ(arenas_.used_bytes(), 0u);
}

// A free run of one page is its own first and last: it is where a length changes on merging.
TEST_F(LargeBlocksTest, FreeAllEndsTheBlocksBehindEachFreeRun) {
  for (const std::size_t gap_pages : {1u, 2u, 7u}) {
    std::vector<void*> gaps;
    for (int i = 0; i < 6; ++i) {
      New(ours_, 5 * kPage);
      gaps.push_back(New(ours_, gap_pages * kPage));
    }
    New(ours_, 5 * kPage);
    for (void* gap : gaps) ours_.Free(gap);
    ours_.FreeAll();
    EXPECT_EQ(arenas_.used_bytes(), 0u) << gap_pages;
  }
}

TEST_F(LargeBlocksTest, BytesAreThoseOfTheBlocksThroughEveryResize) {
  void* block = New(ours_, 10 * kPage);
  void* behind = New(ours_, kPage);
  EXPECT_FALSE(ours_.ResizeInPlace(block, 11 * kPage)) << "another block is in the way";
  EXPECT_EQ(ours_.bytes(), 11 * kPage);
  ours_.Free(behind);
  ASSERT_TRUE(ours_.ResizeInPlace(block, 30 * kPage));
  EXPECT_EQ(ours_.bytes(), 30 * kPage);
  EXPECT_EQ(arenas_.used_bytes(), 30 * kPage);
  ASSERT_TRUE(ours_.ResizeInPlace(block, 29 * kPage)) << "kept as it is";
  EXPECT_EQ(ours_.SizeOf(block), 30 * kPage);
  ASSERT_TRUE(ours_.ResizeInPlace(block, 0));
  EXPECT_EQ(ours_.SizeOf(block), kPage);
  EXPECT_EQ(arenas_.used_bytes(), kPage);
  EXPECT_FALSE(ours_.ResizeInPlace(block, 64 * 1024 * kKiB)) << "more than there is";
  EXPECT_EQ(ours_.bytes(), kPage);
  ours_.Free(block);
  EXPECT_EQ(ours_.bytes(), 0u);
}

TEST_F(LargeBlocksTest, ABlockCanHaveTheSizesThatResizingWouldHaveKept) {
  void* block = New(ours_, 8 * kPage);
  EXPECT_TRUE(ours_.CanHave(block, 8 * kPage));
  EXPECT_TRUE(ours_.CanHave(block, 5 * kPage + 1));
  EXPECT_FALSE(ours_.CanHave(block, 5 * kPage));
  EXPECT_FALSE(ours_.CanHave(block, 8 * kPage + 1));
}

TEST_F(LargeBlocksTest, PagesOfARegionAreNotMoved) {
  void* from = New(ours_, 600 * kKiB);
  void* to = New(ours_, 600 * kKiB);
  FillBlock(from, 600 * kKiB, 1);
  FillBlock(to, 600 * kKiB, 2);
  EXPECT_FALSE(ours_.MovePages(from, to, 600 * kKiB));
  EXPECT_TRUE(IsFilled(from, 600 * kKiB, 1));
  EXPECT_TRUE(IsFilled(to, 600 * kKiB, 2));
}

}  // namespace
}  // namespace ashlar::internal
