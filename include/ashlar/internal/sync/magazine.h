// magazine.h - an array of free slots that one thread fills and empties, and stacks of them.
//
//   word 0                                        words 1 .. 62
//   63        40 39   32 31                   0   +------+------+---
//   +-----------+-------+---------------------+   | slot | slot | ...   filled from the left
//   | total     | count | next: index or 0    |   +------+------+---
//   +-----------+-------+---------------------+
//
// A magazine is 512 bytes, aligned so: `top`, the address of the last filled word, tells by its low
// bits how many slots there are, and top == word 0 is empty. Word 0 is used while the magazine lies
// in a stack: how many slots it holds, and those in all magazines from it down. Magazines never go
// back to be other memory: a late reader of word 0 reads a wrong number, never a foreign byte.
//
// MagazineStack: last in, first out, any thread. Head = {tag:32 | index:32}; the tag changes with
// each push and pop, so that a head which came back with the same magazine is told apart (ABA).
// Edge      M1: Push() -> Pop(), and the looks at the head's link in Push() and TotalSlots(). The
//           slots in the magazine and all that was done with them; its link.
// Progress  lock-free.
// Source    R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986; whole
//           magazines as the unit: J. Bonwick, J. Adams, "Magazines and Vmem", USENIX ATC 2001.
#ifndef ASHLAR_INTERNAL_SYNC_MAGAZINE_H_
#define ASHLAR_INTERNAL_SYNC_MAGAZINE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/packed_word.h"

namespace ashlar::internal {

inline constexpr unsigned kMagazineSlots = 62;
inline constexpr std::size_t kMagazineBytes = 512;

struct alignas(kMagazineBytes) Magazine {
  std::atomic<std::uint64_t> link;
  void* slots[kMagazineSlots + 1];

  // How many slots lie in the magazine whose last filled word is at `top`; 0 for top == 0.
  static constexpr unsigned CountAt(std::uintptr_t top) {
    return static_cast<unsigned>((top & (kMagazineBytes - 1)) / sizeof(void*));
  }
  static Magazine* At(std::uintptr_t top) {
    return PointerTo<Magazine>(RoundDown(top, kMagazineBytes));
  }
  std::uintptr_t TopFor(unsigned count) const { return AddressOf(this) + count * sizeof(void*); }
};
static_assert(sizeof(Magazine) == kMagazineBytes);

class MagazineStack {
 public:
  constexpr MagazineStack() = default;

  // `base`: the address that indices count from, in magazines; the same at each call.
  void Push(std::uintptr_t base, Magazine* magazine, unsigned count);

  // The magazine pushed last and its count; null when there is none.
  [[nodiscard]] Magazine* Pop(std::uintptr_t base, unsigned* count);

  // Slots in all magazines here; exact when nobody pushes or pops, else perhaps any number: the
  // magazine that was on top may lie in another stack by then.
  [[nodiscard]] std::uint64_t TotalSlots(std::uintptr_t base) const;

  [[nodiscard]] bool IsEmpty() const {
    return Index::Get(head_.load(std::memory_order_relaxed)) == 0;  // relaxed: a look
  }

 private:
  using Index = PackedField<0, 32>;
  using Tag = PackedField<Index::kEnd, 32>;
  using Next = PackedField<0, 32>;
  using Count = PackedField<Next::kEnd, 8>;
  using Total = PackedField<Count::kEnd, 24>;

  static Magazine* MagazineAt(std::uintptr_t base, std::uint64_t head) {
    return PointerTo<Magazine>(base + Index::Get(head) * kMagazineBytes);
  }
  static std::uint64_t Successor(std::uint64_t head, std::uint64_t index) {
    return Tag::Put(Index::Put(0, index), Tag::Get(head) + 1);
  }

  std::atomic<std::uint64_t> head_{0};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_MAGAZINE_H_
