// PageRuns against an exact model: which pages are in use, and what lies in each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/span/backing.h"
#include "ashlar/internal/span/page_runs.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr unsigned kPageShift = 6;  // small pages: every byte of them is looked at
constexpr std::size_t kPageBytes = std::size_t{1} << kPageShift;
constexpr std::uint32_t kFirst = 3;
constexpr std::uint32_t kEnd = 700;
constexpr std::size_t kBaseAlignment = 64 * kPageBytes;

struct Kind {
  bool has_purge;
  bool fresh_is_zero;
  std::size_t dirty_limit;
};

bool Purge(void* start, std::size_t size_bytes) {
  std::memset(start, 0, size_bytes);
  return true;
}

class PageRunsModel : public ::testing::TestWithParam<Kind> {
 protected:
  PageRunsModel()
      : bytes_(new unsigned char[kEnd * kPageBytes + kBaseAlignment]),
        entries_(new PageRuns::Entry[kEnd]()) {
    const Kind kind = GetParam();
    std::memset(bytes_.get(), kind.fresh_is_zero ? 0 : 0xee, kEnd * kPageBytes + kBaseAlignment);
    PageRuns::Range range;
    range.base = RoundUp(AddressOf(bytes_.get()), kBaseAlignment);
    range.page_shift = kPageShift;
    range.first_page = kFirst;
    range.end_page = kEnd;
    range.entries = entries_.get();
    range.dirty_limit = kind.dirty_limit;
    Backing backing;
    if (kind.has_purge) backing.purge = Purge;
    backing.fresh_pages_are_zero = kind.fresh_is_zero;
    runs_.Initialize(range, backing);
  }

  unsigned char* At(std::uint32_t page) {
    return PointerTo<unsigned char>(runs_.AddressOfPage(page));
  }
  bool IsZero(std::uint32_t page, std::size_t pages) {
    return std::all_of(At(page), At(page) + pages * kPageBytes,
                       [](auto byte) { return byte == 0; });
  }
  void Scribble(std::uint32_t page, std::size_t pages) {
    std::memset(At(page), 0xff, pages * kPageBytes);
  }

  // The first page of the used run at or after `page`, or the end.
  std::uint32_t NextUsed(std::uint32_t page) const {
    const auto next = used_.lower_bound(page);
    return next == used_.end() ? kEnd : next->first;
  }
  // Whether any gap between used runs has room.
  bool Fits(std::size_t pages, std::size_t alignment) {
    std::uint32_t gap = kFirst;
    for (auto next = used_.begin();; ++next) {
      const std::uint32_t gap_end = next == used_.end() ? kEnd : next->first;
      const std::uintptr_t start = RoundUp(runs_.AddressOfPage(gap), alignment);
      if (start + pages * kPageBytes <= runs_.AddressOfPage(gap_end)) return true;
      if (next == used_.end()) return false;
      gap = next->first + next->second;
    }
  }

  void Take(std::size_t pages, std::size_t alignment, PageRuns::State state) {
    bool zeroed = false;
    const bool fits = Fits(pages, alignment);
    const std::uint32_t page = runs_.Take(pages, alignment, state, &zeroed);
    ASSERT_EQ(page != 0, fits) << pages << " pages aligned to " << alignment;
    if (page == 0) return;
    ASSERT_EQ(runs_.AddressOfPage(page) % alignment, 0u);
    ASSERT_GE(page, kFirst);
    ASSERT_LE(page + pages, kEnd);
    ASSERT_GE(NextUsed(page), page + pages) << "overlaps the next";
    const auto next = used_.upper_bound(page);
    if (next != used_.begin()) {
      ASSERT_LE(std::prev(next)->first + std::prev(next)->second, page) << "overlaps the one before";
    }
    if (zeroed) {
      ASSERT_TRUE(IsZero(page, pages)) << "said to be zero, and is not";
    }
    Scribble(page, pages);
    used_[page] = static_cast<std::uint32_t>(pages);
    states_[page] = state;
  }
  void Give(std::uint32_t page) {
    used_.erase(page);
    states_.erase(page);
    runs_.Give(page);
    if (GetParam().has_purge) {
      EXPECT_LE(runs_.dirty_free_bytes(), GetParam().dirty_limit);
    }
  }
  void Grow(std::uint32_t page, std::size_t pages) {
    const bool fits = page + pages <= NextUsed(page + 1);
    ASSERT_EQ(runs_.Grow(page, pages), fits);
    if (!fits) return;
    used_[page] = static_cast<std::uint32_t>(pages);
    Scribble(page, pages);
  }
  void Shrink(std::uint32_t page, std::size_t pages) {
    runs_.Shrink(page, pages);
    used_[page] = static_cast<std::uint32_t>(pages);
  }

  // The runs tile the range; they are the model's; what is said to be clean is; the sums are right.
  void Check() {
    std::size_t used = 0;
    std::size_t dirty = 0;
    bool after_free = false;
    std::uint32_t page = kFirst;
    while (page < runs_.top_page()) {
      const PageRuns::Entry& run = runs_.entry(page);
      ASSERT_GT(run.pages, 0u);
      const bool is_free = run.state == static_cast<std::uint32_t>(PageRuns::State::kFree);
      ASSERT_FALSE(is_free && after_free) << "two free neighbours at " << page;
      ASSERT_EQ(used_.count(page), is_free ? 0u : 1u);
      if (is_free) {
        ASSERT_LE(page + run.pages, NextUsed(page));
        if (run.dirty == 0) {
          ASSERT_TRUE(IsZero(page, run.pages));
        }
        ASSERT_LE(run.dirty, run.pages);
        dirty += run.dirty;
      } else {
        ASSERT_EQ(run.pages, used_[page]);
        ASSERT_EQ(run.state, static_cast<std::uint32_t>(states_[page]));
        used += run.pages;
      }
      for (std::uint32_t p = page; p < page + run.pages; ++p) {
        const bool begins = p == page && !is_free && states_[page] == PageRuns::State::kBlock;
        ASSERT_EQ(runs_.PagesOfBlock(p), begins ? run.pages : 0u);
      }
      after_free = is_free;
      page += run.pages;
    }
    ASSERT_EQ(page, runs_.top_page());
    ASSERT_EQ(runs_.used_bytes(), used * kPageBytes);
    ASSERT_EQ(runs_.dirty_free_bytes(), dirty * kPageBytes);
  }

  std::unique_ptr<unsigned char[]> bytes_;
  std::unique_ptr<PageRuns::Entry[]> entries_;
  PageRuns runs_;
  std::map<std::uint32_t, std::uint32_t> used_;  // first page, pages
  std::map<std::uint32_t, PageRuns::State> states_;
};

TEST_P(PageRunsModel, AnyOrderOfCallsLeavesAllRunsWhereTheModelHasThem) {
  const unsigned seed = static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed());
  std::cout << "seed " << seed << " (--gtest_random_seed)\n";
  std::mt19937 generator(seed);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  for (int step = 0; step < 6000; ++step) {
    // Long phases of more taking and of more giving: full and empty are both met.
    const bool taking = step / 500 % 2 == 0;
    const unsigned dice = random() % 100;
    auto run = used_.lower_bound(random() % kEnd);
    if (run == used_.end()) run = used_.begin();
    if (used_.empty() || dice < (taking ? 60u : 25u)) {
      const std::size_t pages = random() % 8 == 0 ? 1 + random() % 120 : 1 + random() % 9;
      const std::size_t alignment = random() % 3 == 0 ? kPageBytes << random() % 7 : 1;
      const bool is_block = random() % 2 == 0;
      ASSERT_NO_FATAL_FAILURE(Take(
          pages, alignment, is_block ? PageRuns::State::kBlock : PageRuns::State::kInternal));
    } else if (dice < 85) {
      Give(run->first);
    } else if (dice < 92) {
      ASSERT_NO_FATAL_FAILURE(Grow(run->first, run->second + 1 + random() % 12));
    } else if (dice < 98) {
      if (run->second > 1) Shrink(run->first, 1 + random() % (run->second - 1));
    } else if (dice < 99) {
      runs_.PurgeIdle();
    } else {
      runs_.PurgeAll();
      if (GetParam().has_purge) {
        ASSERT_EQ(runs_.dirty_free_bytes(), 0u);
      }
    }
    ASSERT_NO_FATAL_FAILURE(Check()) << "after step " << step;
  }
  while (!used_.empty()) Give(used_.begin()->first);
  ASSERT_NO_FATAL_FAILURE(Check());
  EXPECT_EQ(runs_.entry(kFirst).pages, runs_.top_page() - kFirst) << "one run is left";
  bool zeroed;
  EXPECT_EQ(runs_.Take(kEnd - kFirst, 1, PageRuns::State::kBlock, &zeroed), kFirst)
      << "all of it serves one request";
}

INSTANTIATE_TEST_SUITE_P(Backings, PageRunsModel,
                         ::testing::Values(Kind{false, false, SIZE_MAX},
                                           Kind{false, true, SIZE_MAX}, Kind{true, true, SIZE_MAX},
                                           Kind{true, true, 100 * kPageBytes},
                                           Kind{true, false, 0}));

}  // namespace
}  // namespace ashlar::internal
