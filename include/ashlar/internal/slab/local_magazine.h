// local_magazine.h - a magazine that its user holds itself, without a thread table.
//
// For SlabCache<T>::Local and for single-threaded caches. Writers: the owner, alone; others may
// count.
#ifndef ASHLAR_INTERNAL_SLAB_LOCAL_MAGAZINE_H_
#define ASHLAR_INTERNAL_SLAB_LOCAL_MAGAZINE_H_

#include <cstdint>

#include "ashlar/internal/sync/magazine.h"
#include "ashlar/internal/sync/tally.h"

namespace ashlar::internal {

class LocalMagazine {
 public:
  constexpr LocalMagazine() = default;
  LocalMagazine(const LocalMagazine&) = delete;
  LocalMagazine& operator=(const LocalMagazine&) = delete;

  // At most `slots` slots lie here. Not less than what does now.
  void SetLimit(std::uint32_t slots) { limit_ = slots; }
  std::uint32_t limit() const { return limit_; }
  std::uint32_t count() const { return count_.Get(); }

  void* Pop() {
    const std::uint32_t n = count_.Get();
    if (n == 0) [[unlikely]] return nullptr;
    count_.Set(n - 1);
    return slots_[n - 1];
  }
  bool Push(void* slot) {
    const std::uint32_t n = count_.Get();
    if (n >= limit_) [[unlikely]] return false;
    slots_[n] = slot;
    count_.Set(n + 1);
    return true;
  }

  // For refills and drains: the slots, filled from the left.
  void** slots() { return slots_; }
  void SetCount(std::uint32_t n) { count_.Set(n); }

  LocalMagazine* next = nullptr;  // of the same cache; under its arenas' lock

 private:
  OwnedWord<std::uint32_t> count_;
  std::uint32_t limit_ = 0;
  void* slots_[kMagazineSlots] = {};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SLAB_LOCAL_MAGAZINE_H_
