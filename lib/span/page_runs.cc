#include "ashlar/internal/span/page_runs.h"

#include <algorithm>
#include <bit>
#include <climits>

#include "ashlar/internal/base/bits.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kCommitStep = std::size_t{2} << 20;

}  // namespace

void PageRuns::Initialize(const Range& range, const Backing& backing) {
  range_ = range;
  backing_ = backing;
  top_ = range.first_page;
  committed_ = backing.commit == nullptr ? range.end_page : range.first_page;
  // Neighbours below the first run and, when the range is full, above the last: never free.
  range_.entries[range.first_page - 1].state = static_cast<std::uint32_t>(State::kInternal);
}

unsigned PageRuns::BinOf(std::size_t pages) {
  if (pages < kExactBins) return static_cast<unsigned>(pages);
  const unsigned log = FloorLog2(pages);
  return kExactBins + (log - 4) * 4 + static_cast<unsigned>((pages >> (log - 2)) & 3);
}

std::uint64_t PageRuns::AlignedPage(std::uint64_t page, std::size_t alignment) const {
  const std::uint64_t address = range_.base + (page << range_.page_shift);
  return (RoundUp(address, alignment) - range_.base) >> range_.page_shift;
}

unsigned PageRuns::NextFilledBin(unsigned bin) const {
  for (unsigned word = bin / 64; word < kBinWords; ++word) {
    std::uint64_t bits = filled_[word];
    if (word == bin / 64) bits &= ~std::uint64_t{0} << (bin % 64);
    if (bits != 0) return word * 64 + static_cast<unsigned>(std::countr_zero(bits));
  }
  return kBins;
}

void PageRuns::Insert(std::uint32_t page) {
  Entry& run = entry(page);
  const unsigned bin = BinOf(run.pages);
  run.next = head_[bin];
  run.previous = 0;
  if (run.next != 0) entry(run.next).previous = page;
  head_[bin] = page;
  filled_[bin / 64] |= Bit(bin % 64);
  dirty_pages_ += run.dirty;
}

void PageRuns::Unlink(std::uint32_t page) {
  const Entry& run = entry(page);
  const unsigned bin = BinOf(run.pages);
  if (run.previous != 0) {
    entry(run.previous).next = run.next;
  } else {
    head_[bin] = run.next;
    if (run.next == 0) filled_[bin / 64] &= ~Bit(bin % 64);
  }
  if (run.next != 0) entry(run.next).previous = run.previous;
  dirty_pages_ -= run.dirty;
}

// At the end of what took pages: a run that is unlinked while it is divided was not needed.
void PageRuns::LowerIdle() { idle_dirty_pages_ = std::min(idle_dirty_pages_, dirty_pages_); }

void PageRuns::Mark(std::uint32_t page, std::size_t pages, State state, std::size_t dirty) {
  Entry& last = entry(page + static_cast<std::uint32_t>(pages) - 1);
  last.pages = static_cast<std::uint32_t>(pages);
  last.state = static_cast<std::uint32_t>(state == State::kFree ? state : State::kInterior) & 3;
  Entry& first = entry(page);
  first.pages = static_cast<std::uint32_t>(pages);
  first.state = static_cast<std::uint32_t>(state) & 3;
  first.dirty = static_cast<std::uint32_t>(dirty) & kMaxPages;
}

void PageRuns::MarkFree(std::uint32_t page, std::size_t pages, std::size_t dirty) {
  Mark(page, pages, State::kFree, dirty);
  Insert(page);
}

// Looks at `most` runs of a bin whose runs may be too short or lie badly.
std::uint32_t PageRuns::FindFree(std::size_t pages, std::size_t alignment, unsigned most) const {
  unsigned bin = NextFilledBin(BinOf(pages));
  for (bool first = true; bin < kBins; bin = NextFilledBin(bin + 1), first = false) {
    std::uint32_t best = 0;
    unsigned looks = first || alignment > 1 ? most : 1;
    for (std::uint32_t run = head_[bin]; run != 0 && looks > 0; --looks) {
      const Entry& candidate = range_.entries[run];
      if (AlignedPage(run, alignment) + pages <= std::uint64_t{run} + candidate.pages &&
          (best == 0 || candidate.pages < range_.entries[best].pages)) {
        best = run;
        if (candidate.pages == pages) break;
      }
      run = candidate.next;
    }
    if (best != 0) return best;
  }
  return 0;
}

std::uint32_t PageRuns::Take(std::size_t pages, std::size_t alignment, State state, bool* zeroed) {
  if (pages == 0 || pages >= range_.end_page) return 0;
  std::uint32_t run = FindFree(pages, alignment, kLooks);
  std::uint32_t page = run != 0 ? Carve(run, pages, alignment, state, zeroed)
                                : TakeFresh(pages, alignment, state, zeroed);
  if (page == 0) {
    // Before "none" is said every run is looked at: what fits anywhere is served.
    run = FindFree(pages, alignment, UINT_MAX);
    if (run != 0) page = Carve(run, pages, alignment, state, zeroed);
  }
  if (page != 0) used_pages_ += static_cast<std::uint32_t>(pages);
  LowerIdle();
  return page;
}

std::uint32_t PageRuns::Carve(std::uint32_t run, std::size_t pages, std::size_t alignment,
                              State state, bool* zeroed) {
  Unlink(run);
  const std::size_t total = entry(run).pages;
  std::size_t dirty = entry(run).dirty;
  *zeroed = dirty == 0;
  const std::uint32_t start = static_cast<std::uint32_t>(AlignedPage(run, alignment));
  const std::size_t before = start - run;
  const std::size_t after = total - before - pages;
  // Which pages are the dirty ones is not known: those taken count as dirty first, and a rest of a
  // dirty run is never called clean.
  dirty -= std::min(dirty, pages);
  const auto share = [&](std::size_t part) {
    if (*zeroed) return std::size_t{0};
    const std::size_t mine = std::max<std::size_t>(std::min(dirty, part), 1);
    dirty -= std::min(dirty, mine);
    return mine;
  };
  if (after > 0) MarkFree(start + static_cast<std::uint32_t>(pages), after, share(after));
  if (before > 0) MarkFree(run, before, share(before));
  Mark(start, pages, state, 0);
  return start;
}

std::uint32_t PageRuns::TakeFresh(std::size_t pages, std::size_t alignment, State state,
                                  bool* zeroed) {
  // A free run that ends at the top is the beginning of what is taken.
  std::uint32_t start = top_;
  if (top_ > range_.first_page &&
      entry(top_ - 1).state == static_cast<std::uint32_t>(State::kFree)) {
    start = top_ - entry(top_ - 1).pages;
  }
  const std::uint64_t page = AlignedPage(start, alignment);
  // It may be long enough: the search gave up before it came to it.
  if (page + pages <= top_) return Carve(start, pages, alignment, state, zeroed);
  if (page + pages > range_.end_page || !CommitTo(page + pages)) return 0;
  std::size_t dirty = 0;
  if (start < top_) {
    dirty = entry(start).dirty;
    Unlink(start);
    entry(top_ - 1).state = static_cast<std::uint32_t>(State::kInterior);
  }
  const std::size_t fresh_dirty = backing_.fresh_pages_are_zero ? 0 : 1;
  *zeroed = dirty == 0 && fresh_dirty == 0;
  const std::size_t before = page - start;
  if (before > 0) {
    const std::size_t mine = std::max(std::min(dirty, before), fresh_dirty);
    MarkFree(start, before, dirty == 0 ? mine : std::max<std::size_t>(mine, 1));
  }
  const auto taken = static_cast<std::uint32_t>(page);
  top_ = taken + static_cast<std::uint32_t>(pages);
  Mark(taken, pages, state, 0);
  return taken;
}

void PageRuns::Give(std::uint32_t page) {
  std::size_t pages = entry(page).pages;
  used_pages_ -= static_cast<std::uint32_t>(pages);
  std::size_t dirty = pages;
  const auto is_free = [this](std::uint32_t p) {
    return entry(p).state == static_cast<std::uint32_t>(State::kFree);
  };
  const auto absorb = [&](std::uint32_t run) {
    Unlink(run);
    dirty += entry(run).dirty;
    pages += entry(run).pages;
  };
  // The tags that end up inside the merged run are wiped: PagesOfBlock() looks at any page.
  const std::uint32_t last = page + static_cast<std::uint32_t>(pages) - 1;
  entry(page).state = entry(last).state = static_cast<std::uint32_t>(State::kInterior);
  if (last + 1 < top_ && is_free(last + 1)) {
    const std::uint32_t run = last + 1;
    absorb(run);
    entry(run).state = static_cast<std::uint32_t>(State::kInterior);
  }
  if (is_free(page - 1)) {
    const std::uint32_t run = page - entry(page - 1).pages;
    absorb(run);
    entry(page - 1).state = static_cast<std::uint32_t>(State::kInterior);
    page = run;
  }
  MarkFree(page, pages, dirty);
  if (BytesOf(dirty_pages_) > range_.dirty_limit) {
    // Three quarters stay, so that a program on the boundary does not purge at each free.
    PurgeDownTo((range_.dirty_limit >> range_.page_shift) / 4 * 3);
  }
}

bool PageRuns::Grow(std::uint32_t page, std::size_t pages) {
  const std::size_t old = entry(page).pages;
  const std::uint32_t next = page + static_cast<std::uint32_t>(old);
  const State state = static_cast<State>(entry(page).state);
  std::uint64_t free_end = next;
  bool joined = false;
  if (next < top_ && entry(next).state == static_cast<std::uint32_t>(State::kFree)) {
    free_end += entry(next).pages;
    joined = true;
  }
  const std::uint64_t end = std::uint64_t{page} + pages;
  if (end > free_end) {
    // Beyond what is free only fresh pages help.
    if (free_end != top_ || end > range_.end_page || !CommitTo(end)) return false;
  }
  std::size_t dirty = 0;
  if (joined) {
    dirty = entry(next).dirty;
    Unlink(next);
    entry(next).state = static_cast<std::uint32_t>(State::kInterior);
    entry(static_cast<std::uint32_t>(free_end) - 1).state =
        static_cast<std::uint32_t>(State::kInterior);
  }
  if (end < free_end) {
    const std::size_t rest = free_end - end;
    const std::size_t taken = end - next;
    const std::size_t rest_dirty =
        dirty == 0 ? 0 : std::max<std::size_t>(dirty > taken ? dirty - taken : 0, 1);
    MarkFree(static_cast<std::uint32_t>(end), rest, std::min(rest_dirty, rest));
  } else {
    top_ = std::max(top_, static_cast<std::uint32_t>(end));
  }
  Mark(page, pages, state, 0);
  used_pages_ += static_cast<std::uint32_t>(pages - old);
  LowerIdle();
  return true;
}

void PageRuns::Shrink(std::uint32_t page, std::size_t pages) {
  const std::size_t old = entry(page).pages;
  Mark(page, pages, static_cast<State>(entry(page).state), 0);
  const std::uint32_t rest = page + static_cast<std::uint32_t>(pages);
  Mark(rest, old - pages, State::kInternal, 0);
  Give(rest);
}

std::size_t PageRuns::PagesOfBlock(std::size_t page) const {
  if (page < range_.first_page || page >= top_) return 0;
  const Entry& run = range_.entries[page];
  return run.state == static_cast<std::uint32_t>(State::kBlock) ? run.pages : 0;
}

PageRuns::State PageRuns::StateAround(std::size_t page) const {
  for (std::uint32_t run = range_.first_page; run < top_; run += range_.entries[run].pages) {
    if (page - run < range_.entries[run].pages) {
      return static_cast<State>(range_.entries[run].state);
    }
  }
  return State::kInterior;
}

bool PageRuns::CommitTo(std::uint64_t page) {
  if (page <= committed_) return true;
  std::uint64_t bytes = page << range_.page_shift;
  bytes = RoundUp(bytes + std::max<std::uint64_t>(bytes / 16, kCommitStep), kCommitStep);
  const std::uint64_t ahead = std::min<std::uint64_t>(bytes >> range_.page_shift, range_.end_page);
  void* start = PointerTo(range_.base + (committed_ << range_.page_shift));
  // Some in advance; where the backing refuses that, what is needed and no more.
  for (const std::uint64_t target : {ahead, page}) {
    const std::size_t size = (target - committed_) << range_.page_shift;
    if (!backing_.commit(start, size)) continue;
    if (backing_.advise_huge != nullptr && BytesOf(page) > range_.huge_pages_after) {
      backing_.advise_huge(start, size);
    }
    committed_ = target;
    return true;
  }
  return false;
}

bool PageRuns::PurgeRun(std::uint32_t page) {
  Entry& run = entry(page);
  // Only whole pages of the backing can be purged; an arena's pages are at least as large.
  if (run.dirty == 0 || !backing_.purge(PointerTo(AddressOfPage(page)), BytesOf(run.pages))) {
    return false;
  }
  dirty_pages_ -= run.dirty;
  run.dirty = 0;
  return true;
}

std::size_t PageRuns::PurgeDownTo(std::size_t pages) {
  const std::size_t before = dirty_pages_;
  if (backing_.purge == nullptr) return 0;
  for (unsigned bin = kBins; bin-- > 0 && dirty_pages_ > pages;) {
    for (std::uint32_t run = head_[bin]; run != 0 && dirty_pages_ > pages; run = entry(run).next) {
      PurgeRun(run);
    }
  }
  idle_dirty_pages_ = std::min(idle_dirty_pages_, dirty_pages_);
  return BytesOf(before - dirty_pages_);
}

void PageRuns::PurgeIdle() {
  if (idle_dirty_pages_ > 0) PurgeDownTo(dirty_pages_ - idle_dirty_pages_);
  idle_dirty_pages_ = dirty_pages_;
}

std::size_t PageRuns::PurgeAll() { return PurgeDownTo(0); }

}  // namespace ashlar::internal
