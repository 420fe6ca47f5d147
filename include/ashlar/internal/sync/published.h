// published.h - a pointer that is set once (or pushed) and followed by anyone; a map of bytes.
#ifndef ASHLAR_INTERNAL_SYNC_PUBLISHED_H_
#define ASHLAR_INTERNAL_SYNC_PUBLISHED_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

// Edge      P1: Publish(), Push() -> Get(). What the pointer points to, and in a list what lies
//           behind: each Push() reads and writes the head in one step, so that who reads the head
//           later acquires from all pushes before as well.
// Progress  Get and Publish wait-free, Push lock-free.
template <typename T, ThreadingModel Model>
class Published {
 public:
  constexpr Published() = default;

  T* Get() const { return pointer_.Load(std::memory_order_acquire); }  // acquire, P1

  // One writer at a time.
  void Publish(T* p) { pointer_.Store(p, std::memory_order_release); }  // release, P1

  // For lists that only grow: `link(p, next)` stores the present head in p before p is published.
  template <typename Link>
  void Push(T* p, Link link) {
    // relaxed: only linked to, never looked into; the CAS checks it.
    T* seen = pointer_.Load(std::memory_order_relaxed);
    do {
      link(p, seen);
      // release, P1. relaxed on failure: as above.
    } while (!pointer_.CompareExchange(seen, p, std::memory_order_release,
                                       std::memory_order_relaxed));
  }

 private:
  Cell<T*, Model> pointer_;
};

// One byte of a map that is looked up for live addresses.
// relaxed throughout: who asks about a live block got it through edges S1 or M1, and the byte was
// written before; who asks about any other address gets some byte, and is told so by the slab.
class MapByte {
 public:
  std::uint8_t Get() const { return value_.load(std::memory_order_relaxed); }
  void Set(std::uint8_t value) { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint8_t> value_{0};
};
static_assert(sizeof(MapByte) == 1);

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_PUBLISHED_H_
