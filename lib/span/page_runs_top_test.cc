// What PageRuns takes at the top, where runs that were used meet pages that never were.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/span/backing.h"
#include "ashlar/internal/span/page_runs.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr unsigned kPageShift = 12;
constexpr std::uint32_t kPages = 4096;
constexpr std::size_t kAlignment = std::size_t{64} << kPageShift;  // of page 0

class PageRunsTop : public ::testing::Test {
 protected:
  PageRunsTop()
      : bytes_(new std::byte[(std::size_t{kPages} << kPageShift) + kAlignment]()),
        entries_(new PageRuns::Entry[kPages]()) {
    PageRuns::Range range;
    range.base = RoundUp(AddressOf(bytes_.get()), kAlignment);
    range.page_shift = kPageShift;
    range.end_page = kPages;
    range.entries = entries_.get();
    Backing backing;
    backing.fresh_pages_are_zero = true;
    runs_.Initialize(range, backing);
  }

  std::uint32_t Take(std::size_t pages, std::size_t alignment = 1) {
    zeroed_ = false;
    const std::uint32_t page =
        runs_.Take(pages, alignment, PageRuns::State::kBlock, &zeroed_);
    if (page != 0 && zeroed_) {
      const auto* start = PointerTo<const unsigned char>(runs_.AddressOfPage(page));
      for (std::size_t i = 0; i < pages << kPageShift; ++i) {
        if (start[i] != 0) {
          ADD_FAILURE() << "page " << page << " was said to be zero";
          break;
        }
      }
    }
    if (page != 0) {
      std::memset(PointerTo(runs_.AddressOfPage(page)), 0xff, pages << kPageShift);
    }
    return page;
  }

  std::unique_ptr<std::byte[]> bytes_;
  std::unique_ptr<PageRuns::Entry[]> entries_;
  PageRuns runs_;
  bool zeroed_ = false;
};

// The free run at the top is found last, because its bin is full of shorter ones; it is longer than
// what is asked for.
TEST_F(PageRunsTop, ALongerFreeRunAtTheTopKeepsItsRest) {
  std::vector<std::uint32_t> shorter;
  for (int i = 0; i < 40; ++i) {
    shorter.push_back(Take(16));
    ASSERT_NE(Take(1), 0u);  // keeps them apart
  }
  const std::uint32_t longer = Take(19);
  const std::uint32_t top = runs_.top_page();
  ASSERT_EQ(longer + 19, top);
  const std::size_t used = runs_.used_bytes() - ((19u + 40u * 16u) << kPageShift);
  runs_.Give(longer);
  for (const std::uint32_t run : shorter) runs_.Give(run);
  ASSERT_EQ(runs_.used_bytes(), used);

  ASSERT_EQ(Take(18), longer);
  EXPECT_FALSE(zeroed_);
  EXPECT_EQ(runs_.top_page(), top) << "what was used is never fresh again";
  EXPECT_EQ(runs_.dirty_free_bytes(), (40u * 16u + 1u) << kPageShift);
  for (int i = 0; i < 30; ++i) ASSERT_NE(Take(20), 0u);
}

TEST_F(PageRunsTop, ALongerFreeRunAtTheTopKeepsItsRestsOnBothSidesOfAnAlignedOne) {
  std::vector<std::uint32_t> misaligned;
  ASSERT_NE(Take(4), 0u);  // from here on, five pages after a multiple of 64
  for (int i = 0; i < 40; ++i) {
    misaligned.push_back(Take(17));
    ASSERT_NE(Take(47), 0u);
  }
  ASSERT_NE(Take(57), 0u);
  const std::uint32_t longer = Take(19);
  ASSERT_EQ(longer % 64, 62u);
  const std::uint32_t top = runs_.top_page();
  runs_.Give(longer);
  for (const std::uint32_t run : misaligned) runs_.Give(run);
  EXPECT_EQ(Take(16, kAlignment), longer + 2);
  EXPECT_FALSE(zeroed_);
  EXPECT_EQ(runs_.top_page(), top);
  while (Take(1) != 0) {
  }
  EXPECT_EQ(runs_.used_bytes(), runs_.total_bytes()) << "nothing is lost";
}

TEST_F(PageRunsTop, AShorterFreeRunAtTheTopIsTheBeginningOfWhatIsTaken) {
  const std::uint32_t below = Take(10);
  const std::uint32_t shorter = Take(10);
  runs_.Give(shorter);
  EXPECT_EQ(Take(30), shorter);
  EXPECT_FALSE(zeroed_) << "a part of it was used before";
  EXPECT_EQ(runs_.top_page(), shorter + 30);
  EXPECT_EQ(runs_.dirty_free_bytes(), 0u);
  runs_.Give(below);
  EXPECT_EQ(Take(5), below);
}

}  // namespace
}  // namespace ashlar::internal
