// What PageRuns asks of its backing, and when: commit, purge, huge pages; and that it looks at each
// run before it answers none.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/span/backing.h"
#include "ashlar/internal/span/page_runs.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr unsigned kPageShift = 12;
constexpr std::size_t kPageBytes = std::size_t{1} << kPageShift;
constexpr std::uint32_t kPages = 4096;  // 16 MiB of addresses that nobody touches
constexpr std::uintptr_t kBase = std::uintptr_t{1} << 40;

// What was asked of the backing.
struct Asked {
  bool refuse_commit = false;
  std::size_t largest_commit = SIZE_MAX;
  bool refuse_purge = false;
  std::uintptr_t committed_end = 0;
  std::size_t purged_bytes = 0;
  std::size_t huge_bytes = 0;
};
Asked g_asked;

class PageRunsPolicy : public ::testing::Test {
 protected:
  PageRunsPolicy() : entries_(new PageRuns::Entry[kPages]()) { g_asked = Asked(); }

  void Begin(std::size_t dirty_limit = SIZE_MAX, std::size_t huge_pages_after = SIZE_MAX) {
    PageRuns::Range range;
    range.base = kBase;
    range.page_shift = kPageShift;
    range.end_page = kPages;
    range.entries = entries_.get();
    range.dirty_limit = dirty_limit;
    range.huge_pages_after = huge_pages_after;
    Backing backing;
    backing.commit = [](void* start, std::size_t n) {
      if (g_asked.refuse_commit || n > g_asked.largest_commit) return false;
      g_asked.committed_end = AddressOf(start) + n;
      return true;
    };
    backing.purge = [](void*, std::size_t n) {
      if (g_asked.refuse_purge) return false;
      g_asked.purged_bytes += n;
      return true;
    };
    backing.advise_huge = [](void*, std::size_t n) { g_asked.huge_bytes += n; };
    backing.fresh_pages_are_zero = true;
    runs_.Initialize(range, backing);
  }
  std::uint32_t Take(std::size_t pages) {
    return runs_.Take(pages, 1, PageRuns::State::kBlock, &zeroed_);
  }

  std::unique_ptr<PageRuns::Entry[]> entries_;
  PageRuns runs_;
  bool zeroed_ = false;
};

TEST_F(PageRunsPolicy, PagesAreCommittedBeforeTheyAreHandedOut) {
  Begin();
  for (int i = 0; i < 40; ++i) {
    const std::uint32_t page = Take(97);
    ASSERT_NE(page, 0u);
    ASSERT_GE(g_asked.committed_end, runs_.AddressOfPage(page + 97));
    ASSERT_LE(g_asked.committed_end, runs_.AddressOfPage(kPages));
  }
}

TEST_F(PageRunsPolicy, WhatTheBackingRefusesToCommitChangesNothing) {
  Begin();
  const std::uint32_t first = Take(10);
  ASSERT_NE(first, 0u);
  const std::uint32_t top = runs_.top_page();
  g_asked.refuse_commit = true;
  EXPECT_EQ(Take(2000), 0u);
  EXPECT_FALSE(runs_.Grow(first, 2000));
  EXPECT_EQ(runs_.top_page(), top);
  EXPECT_EQ(runs_.used_bytes(), 10 * kPageBytes);
  EXPECT_EQ(runs_.PagesOfBlock(first), 10u);
  g_asked.refuse_commit = false;
  EXPECT_TRUE(runs_.Grow(first, 2000));
  EXPECT_NE(Take(2000), 0u);
}

TEST_F(PageRunsPolicy, WhereTheBackingRefusesMoreThanIsNeededThatIsCommittedAndNoMore) {
  Begin();
  g_asked.largest_commit = 100 * kPageBytes;
  const std::uint32_t page = Take(90);
  ASSERT_NE(page, 0u);
  EXPECT_EQ(g_asked.committed_end, runs_.AddressOfPage(page + 90));
  EXPECT_TRUE(runs_.Grow(page, 150));
  EXPECT_EQ(g_asked.committed_end, runs_.AddressOfPage(page + 150));
  EXPECT_EQ(Take(101), 0u) << "what is needed is too much";
  EXPECT_EQ(runs_.used_bytes(), 150 * kPageBytes);
  EXPECT_NE(Take(100), 0u);
}

TEST_F(PageRunsPolicy, EveryRunIsLookedAtBeforeNoneIsSaid) {
  Begin();
  // One run of 19 pages, then many of 16: they share a bin, and the newest is looked at first.
  const std::uint32_t wanted = Take(19);
  std::uint32_t others[60];
  ASSERT_NE(Take(1), 0u);
  for (int i = 0; i < 60; ++i) {
    others[i] = Take(16);
    ASSERT_NE(Take(1), 0u) << "what keeps it apart from the next one";
  }
  ASSERT_NE(Take(kPages - runs_.top_page()), 0u);
  runs_.Give(wanted);
  for (const std::uint32_t other : others) runs_.Give(other);
  EXPECT_EQ(Take(20), 0u);
  EXPECT_EQ(Take(19), wanted);
  EXPECT_EQ(Take(17), 0u);
  EXPECT_NE(Take(16), 0u);
}

TEST_F(PageRunsPolicy, TheBestFitOfABinIsTaken) {
  Begin();
  const std::uint32_t longer = Take(18);
  ASSERT_NE(Take(1), 0u);
  const std::uint32_t exact = Take(17);
  ASSERT_NE(Take(1), 0u);
  const std::uint32_t longest = Take(19);
  ASSERT_NE(Take(1), 0u);
  runs_.Give(exact);
  runs_.Give(longer);
  runs_.Give(longest);
  EXPECT_EQ(Take(17), exact);
  EXPECT_EQ(Take(17), longer);
}

TEST_F(PageRunsPolicy, BeyondTheDirtyLimitAQuarterMoreIsPurged) {
  Begin(100 * kPageBytes);
  std::uint32_t pages[12];
  for (std::uint32_t& page : pages) {
    page = Take(10);
    ASSERT_NE(Take(1), 0u);
  }
  for (int i = 0; i < 10; ++i) runs_.Give(pages[i]);
  EXPECT_EQ(runs_.dirty_free_bytes(), 100 * kPageBytes) << "up to the limit nothing is purged";
  EXPECT_EQ(g_asked.purged_bytes, 0u);
  runs_.Give(pages[10]);
  EXPECT_LE(runs_.dirty_free_bytes(), 75 * kPageBytes);
  EXPECT_GE(runs_.dirty_free_bytes(), 65 * kPageBytes);
  EXPECT_EQ(g_asked.purged_bytes + runs_.dirty_free_bytes(), 110 * kPageBytes);
}

TEST_F(PageRunsPolicy, PurgeIdleGivesBackWhatNobodyNeededSinceTheLastTime) {
  Begin();
  const std::uint32_t small = Take(4);
  ASSERT_NE(Take(1), 0u);
  const std::uint32_t large = Take(40);
  ASSERT_NE(Take(1), 0u);
  runs_.Give(small);
  runs_.Give(large);
  runs_.PurgeIdle();
  EXPECT_EQ(g_asked.purged_bytes, 0u) << "it was in use since the last time";
  // The small one is needed in between, the large one is not.
  const std::uint32_t again = Take(4);
  EXPECT_EQ(again, small);
  EXPECT_FALSE(zeroed_);
  runs_.Give(again);
  runs_.PurgeIdle();
  EXPECT_EQ(g_asked.purged_bytes, 40 * kPageBytes);
  EXPECT_EQ(runs_.dirty_free_bytes(), 4 * kPageBytes);
  runs_.PurgeIdle();
  EXPECT_EQ(runs_.dirty_free_bytes(), 0u);
  EXPECT_EQ(Take(40), large);
  EXPECT_TRUE(zeroed_);
}

// A part of it is taken and given back all the time: the rest is idle all the same.
TEST_F(PageRunsPolicy, ABigRunOfWhichLittleIsTakenGoesBack) {
  Begin();
  runs_.Give(Take(400));
  runs_.PurgeIdle();
  ASSERT_EQ(runs_.dirty_free_bytes(), 400 * kPageBytes) << "it was in use since the last time";
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int i = 0; i < 5; ++i) runs_.Give(Take(2));
    runs_.PurgeIdle();
  }
  EXPECT_LE(runs_.dirty_free_bytes(), 2 * kPageBytes);
}

TEST_F(PageRunsPolicy, ABigRunIntoWhichABlockGrowsALittleGoesBack) {
  Begin();
  const std::uint32_t block = Take(5);
  runs_.Give(Take(400));
  runs_.PurgeIdle();
  ASSERT_EQ(runs_.dirty_free_bytes(), 400 * kPageBytes);
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(runs_.Grow(block, 7));
      runs_.Shrink(block, 5);
    }
    runs_.PurgeIdle();
  }
  EXPECT_LE(runs_.dirty_free_bytes(), 2 * kPageBytes);
}

TEST_F(PageRunsPolicy, WhatTheSystemRefusesToPurgeStaysDirty) {
  Begin();
  const std::uint32_t page = Take(8);
  runs_.Give(page);
  g_asked.refuse_purge = true;
  EXPECT_EQ(runs_.PurgeAll(), 0u);
  EXPECT_EQ(runs_.dirty_free_bytes(), 8 * kPageBytes);
  EXPECT_EQ(Take(8), page);
  EXPECT_FALSE(zeroed_);
}

TEST_F(PageRunsPolicy, HugePagesAreAskedForOnceMuchIsInUse) {
  Begin(SIZE_MAX, 8 << 20);
  ASSERT_NE(Take(1000), 0u);
  EXPECT_EQ(g_asked.huge_bytes, 0u);
  ASSERT_NE(Take(2000), 0u);
  EXPECT_GT(g_asked.huge_bytes, 0u);
}

}  // namespace
}  // namespace ashlar::internal
