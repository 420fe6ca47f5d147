#include "ashlar/internal/sync/magazine.h"

namespace ashlar::internal {

void MagazineStack::Push(std::uintptr_t base, Magazine* magazine, unsigned count) {
  const std::uint64_t index = (AddressOf(magazine) - base) / kMagazineBytes;
  // acquire, M1: the head's own link is read for the total.
  std::uint64_t seen = head_.load(std::memory_order_acquire);
  do {
    // relaxed: written before the push that `seen` acquired. If the head was popped meanwhile this
    // number may be wrong, and the CAS fails by the tag.
    const std::uint64_t below =
        Index::Get(seen) == 0
            ? 0
            : Total::Get(MagazineAt(base, seen)->link.load(std::memory_order_relaxed));
    // relaxed: the CAS below releases it.
    const std::uint64_t link = Count::Put(Next::Put(0, Index::Get(seen)), count);
    magazine->link.store(Total::Put(link, below + count), std::memory_order_relaxed);
    // release, M1. acquire on failure, M1: the next round reads the new head's link.
  } while (!head_.compare_exchange_weak(seen, Successor(seen, index), std::memory_order_release,
                                        std::memory_order_acquire));
}

Magazine* MagazineStack::Pop(std::uintptr_t base, unsigned* count) {
  while (true) {
    // acquire, M1: the head's link is read before the CAS.
    std::uint64_t seen = head_.load(std::memory_order_acquire);
    if (Index::Get(seen) == 0) return nullptr;
    Magazine* magazine = MagazineAt(base, seen);
    // relaxed: written before the push that the load of the head acquired; a later owner's write
    // makes it wrong, and the tag makes the CAS fail.
    const std::uint64_t link = magazine->link.load(std::memory_order_relaxed);
    // relaxed: `seen` was acquired, and the tag makes it the same store; the next round looks again.
    if (head_.compare_exchange_weak(seen, Successor(seen, Next::Get(link)),
                                    std::memory_order_relaxed)) {
      *count = static_cast<unsigned>(Count::Get(link));
      return magazine;
    }
  }
}

std::uint64_t MagazineStack::TotalSlots(std::uintptr_t base) const {
  const std::uint64_t seen = head_.load(std::memory_order_acquire);  // acquire, M1
  if (Index::Get(seen) == 0) return 0;
  // relaxed: written before the push that the load of the head acquired.
  return Total::Get(MagazineAt(base, seen)->link.load(std::memory_order_relaxed));
}

}  // namespace ashlar::internal
