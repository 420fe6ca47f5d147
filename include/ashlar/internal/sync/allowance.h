// allowance.h - how many slots of a class lie free in slabs and are promised to nobody.
//
// Who wants slots draws a promise here first, and then collects that many bits: bits in slabs are
// never fewer than promises plus the allowance, so the collection succeeds whatever others do, and
// "none left" is an answer about one instant, not about a scan that others overtook.
//
//   invariant   set bits in the slabs' free words  >=  value + promises drawn, not yet collected
//
// Edge      A1: Grant() -> Draw(), DrawAbove(), GetAcquired(). The bits that the granter set, the
//           slab set's bit over them and the count of slabs are visible to who draws or asks.
// Progress  Grant and Get wait-free, the others lock-free.
#ifndef ASHLAR_INTERNAL_SYNC_ALLOWANCE_H_
#define ASHLAR_INTERNAL_SYNC_ALLOWANCE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

template <ThreadingModel Model>
class Allowance {
 public:
  constexpr Allowance() = default;

  void Grant(std::uint64_t n) {
    value_.FetchAdd(n, std::memory_order_release);  // release, A1
  }

  // Draws up to n; returns how many, 0 when there are none.
  std::uint64_t Draw(std::uint64_t n) {
    std::uint64_t seen = value_.Load(std::memory_order_relaxed);  // relaxed: the CAS checks it
    std::uint64_t drawn;
    do {
      drawn = std::min(seen, n);
      if (drawn == 0) return 0;
      // acquire, A1. relaxed on failure: only the number is used, and checked again.
    } while (!value_.CompareExchange(seen, seen - drawn, std::memory_order_acquire,
                                     std::memory_order_relaxed));
    return drawn;
  }

  // Draws exactly n and leaves at least `floor`; or nothing: false.
  bool DrawAbove(std::uint64_t n, std::uint64_t floor) {
    std::uint64_t seen = value_.Load(std::memory_order_relaxed);  // relaxed: the CAS checks it
    do {
      if (seen < n || seen - n < floor) return false;
      // acquire, A1. relaxed on failure: as in Draw().
    } while (!value_.CompareExchange(seen, seen - n, std::memory_order_acquire,
                                     std::memory_order_relaxed));
    return true;
  }

  // For who then reads what granters wrote before. acquire, A1.
  std::uint64_t GetAcquired() const { return value_.Load(std::memory_order_acquire); }

  // relaxed: a look for policy and statistics.
  std::uint64_t Get() const { return value_.Load(std::memory_order_relaxed); }

 private:
  Cell<std::uint64_t, Model> value_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_ALLOWANCE_H_
