// page_runs.h - runs of pages in one range: best fit, coalesced at once, boundary tags out of line.
//
//   page      0        1 ...                                top_                     end
//             +--------+---------+-----------+--------------+------------------------+
//             | null   | used    | free      | used         | fresh: never used      |
//             +--------+---------+-----------+--------------+------------------------+
//   entries   the first page of a run carries its length and state, the last page of a free run
//             too; all other pages read as interior.
//
// invariant   the runs tile [first page, top_) without gaps; no two free runs are neighbours.
// Zero pages  one owner of that knowledge: a free run remembers how many of its pages may be dirty;
//             0 means that each byte reads as zero. Fresh pages are as the backing says.
// Threads     none: the caller holds the lock of the arena's list. A call may purge, under it.
// Cost        Take: a bounded look into the bin of the size, then the first run of a larger bin,
//             then fresh pages; all free runs only before it answers none.
//             Give: O(1), and a purge when more than `dirty_limit` bytes lie idle.
// Failure     Take answers 0 and Grow false, only if no free and fresh pages in a row would do, or
//             the backing refuses to commit; nothing has changed.
#ifndef ASHLAR_INTERNAL_SPAN_PAGE_RUNS_H_
#define ASHLAR_INTERNAL_SPAN_PAGE_RUNS_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/internal/span/backing.h"

namespace ashlar::internal {

class PageRuns {
 public:
  enum class State : std::uint32_t {
    kInterior = 0,
    kFree = 1,
    kBlock = 2,     // a caller's block, known to PagesOfBlock()
    kInternal = 3,  // slabs, tables: no block
  };

  static constexpr unsigned kDirtyBits = 30;
  // That one range may have.
  static constexpr std::uint32_t kMaxPages = (std::uint32_t{1} << kDirtyBits) - 1;

  struct Entry {
    std::uint32_t pages;
    std::uint32_t next;  // free: the bin's list; block: the caller's list of blocks
    std::uint32_t previous;
    std::uint32_t state : 2;
    std::uint32_t dirty : kDirtyBits;  // of a free run: pages that may not be zero
  };
  static_assert(sizeof(Entry) == 16);

  struct Range {
    std::uintptr_t base = 0;     // the address of page 0
    unsigned page_shift = 0;
    std::uint32_t first_page = 1;  // at least 1: index 0 means none
    std::uint32_t end_page = 1;    // kMaxPages at most
    Entry* entries = nullptr;      // one a page, zeroed
    std::size_t dirty_limit = SIZE_MAX;     // bytes
    std::size_t huge_pages_after = SIZE_MAX;  // bytes in use before huge pages are asked for
  };

  constexpr PageRuns() = default;
  void Initialize(const Range& range, const Backing& backing);

  // A run of `pages` whose address is a multiple of `alignment` bytes (a power of two); its first
  // page, or 0. *zeroed tells whether every byte of it reads as zero.
  [[nodiscard]] std::uint32_t Take(std::size_t pages, std::size_t alignment, State state,
                                   bool* zeroed);

  // Ends a run.
  void Give(std::uint32_t page);

  // Makes the run longer or shorter where it stands: pages is more than now in Grow, less in Shrink
  // and not 0. Grow fails if what follows is not free; what it adds may read as anything.
  [[nodiscard]] bool Grow(std::uint32_t page, std::size_t pages);
  void Shrink(std::uint32_t page, std::size_t pages);

  // The length of the block that begins at `page`; 0 if none does.
  [[nodiscard]] std::size_t PagesOfBlock(std::size_t page) const;

  // The state of the run that includes `page`, by a walk over all runs: for reports.
  [[nodiscard]] State StateAround(std::size_t page) const;

  // Gives back to the backing what stayed dirty and unused since the last call (a low-water mark).
  void PurgeIdle();
  // Gives back all that is dirty. Returns bytes.
  std::size_t PurgeAll();

  Entry& entry(std::uint32_t page) { return range_.entries[page]; }
  std::uintptr_t AddressOfPage(std::uint32_t page) const {
    return range_.base + (std::uintptr_t{page} << range_.page_shift);
  }
  bool Contains(std::uintptr_t address) const {
    return address >= AddressOfPage(range_.first_page) && address < AddressOfPage(range_.end_page);
  }
  std::uint32_t PageOf(std::uintptr_t address) const {
    return static_cast<std::uint32_t>((address - range_.base) >> range_.page_shift);
  }
  std::size_t PagesFor(std::size_t size_bytes) const {
    return (size_bytes >> range_.page_shift) +
           ((size_bytes & ((std::size_t{1} << range_.page_shift) - 1)) != 0 ? 1 : 0);
  }
  // Pages of the free run that Take() would cut, or 0 for none but fresh pages.
  std::size_t FitFor(std::size_t pages, std::size_t alignment) const {
    const std::uint32_t run = FindFree(pages, alignment, kLooks);
    return run == 0 ? 0 : range_.entries[run].pages;
  }
  unsigned page_shift() const { return range_.page_shift; }
  std::uint32_t first_page() const { return range_.first_page; }
  std::uint32_t top_page() const { return top_; }  // above: fresh
  std::size_t total_bytes() const { return BytesOf(range_.end_page - range_.first_page); }
  std::size_t used_bytes() const { return BytesOf(used_pages_); }
  std::size_t dirty_free_bytes() const { return BytesOf(dirty_pages_); }

 private:
  // Bins: one for each length below 16, then four to a doubling.
  static constexpr unsigned kExactBins = 16;
  static constexpr unsigned kBins = kExactBins + 4 * 28;
  static constexpr unsigned kBinWords = (kBins + 63) / 64;
  static constexpr unsigned kLooks = 24;  // runs looked at in the bin of the size

  static unsigned BinOf(std::size_t pages);
  std::size_t BytesOf(std::size_t pages) const { return pages << range_.page_shift; }
  std::uint64_t AlignedPage(std::uint64_t page, std::size_t alignment) const;
  unsigned NextFilledBin(unsigned bin) const;
  void Insert(std::uint32_t page);
  void Unlink(std::uint32_t page);
  void Mark(std::uint32_t page, std::size_t pages, State state, std::size_t dirty);
  void MarkFree(std::uint32_t page, std::size_t pages, std::size_t dirty);
  std::uint32_t FindFree(std::size_t pages, std::size_t alignment, unsigned most) const;
  std::uint32_t Carve(std::uint32_t run, std::size_t pages, std::size_t alignment, State state,
                      bool* zeroed);
  void LowerIdle();
  std::uint32_t TakeFresh(std::size_t pages, std::size_t alignment, State state, bool* zeroed);
  [[nodiscard]] bool CommitTo(std::uint64_t page);
  bool PurgeRun(std::uint32_t page);
  std::size_t PurgeDownTo(std::size_t pages);

  Range range_;
  Backing backing_;
  std::uint32_t top_ = 1;
  std::uint64_t committed_ = 0;      // pages below are usable
  std::uint32_t used_pages_ = 0;
  std::size_t dirty_pages_ = 0;      // in free runs
  std::size_t idle_dirty_pages_ = 0;  // the least dirty_pages_ between calls since PurgeIdle()
  std::uint64_t filled_[kBinWords] = {};
  std::uint32_t head_[kBins] = {};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SPAN_PAGE_RUNS_H_
