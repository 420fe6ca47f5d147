// handle_count.h - how many handles to a shared thing there are.
//
// Edge      H1: Release() -> the Release() that answers true. All that was done through any handle
//           happens before the thing is ended.
// Progress  wait-free.
#ifndef ASHLAR_INTERNAL_SYNC_HANDLE_COUNT_H_
#define ASHLAR_INTERNAL_SYNC_HANDLE_COUNT_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

template <ThreadingModel Model>
class HandleCount {
 public:
  // Starts at one, the creator's.
  constexpr HandleCount() : count_(1) {}

  // By somebody who has a handle. relaxed: the handle copied from keeps the thing alive.
  void Retain() { count_.FetchAdd(1, std::memory_order_relaxed); }

  // True for the one who gave up the last handle.
  [[nodiscard]] bool Release() {
    return count_.FetchSub(1, std::memory_order_acq_rel) == 1;  // acquire and release, H1
  }

 private:
  Cell<std::uint64_t, Model> count_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_HANDLE_COUNT_H_
