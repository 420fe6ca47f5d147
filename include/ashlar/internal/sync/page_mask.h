// page_mask.h - one bit for each page of a slab: the memory behind it went back to the system.
//
// A bit is set and cleared by who holds every slot on the page, or has just been handed one; the
// slots' own edge (F1) orders the two. For accounts and to spare a second purge: no data hangs on
// it.
// Progress  wait-free.
#ifndef ASHLAR_INTERNAL_SYNC_PAGE_MASK_H_
#define ASHLAR_INTERNAL_SYNC_PAGE_MASK_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

template <ThreadingModel Model>
class PageMask {
 public:
  // relaxed throughout: ordered by F1, as said above.
  void Initialize() { bits_.Store(0, std::memory_order_relaxed); }
  std::uint32_t Get() const { return bits_.Load(std::memory_order_relaxed); }
  void Add(std::uint32_t pages) { bits_.FetchOr(pages, std::memory_order_relaxed); }
  // Returns those of `pages` that were set.
  std::uint32_t Remove(std::uint32_t pages) {
    return bits_.FetchAnd(~pages, std::memory_order_relaxed) & pages;
  }

 private:
  Cell<std::uint32_t, Model> bits_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_PAGE_MASK_H_
