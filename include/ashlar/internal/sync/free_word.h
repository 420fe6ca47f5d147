// free_word.h - 64 slots of a slab, one bit each: set where the slot is free.
//
// Writers   anyone gives bits (fetch_or), anyone takes bits (fetch_and); no bit has an owner.
// Edge      F1: Give() -> Take(). All that was done with a slot before it was freed happens before
//           all that is done with it after it is handed out again.
// Edge      F2: Give(), SlabSet::Insert() against SlabSet::Remove(), Look(). Store buffering: the
//           giver writes the word, then looks at the set; the remover writes the set, then looks at
//           the word. All four are seq_cst, so at least one of them sees the other: a word with a
//           set bit is never left out of the set by both.
// Progress  wait-free.
#ifndef ASHLAR_INTERNAL_SYNC_FREE_WORD_H_
#define ASHLAR_INTERNAL_SYNC_FREE_WORD_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

template <ThreadingModel Model>
class FreeWord {
 public:
  // Before the slab is published. relaxed: SlabState::Publish() releases it.
  void Initialize(std::uint64_t bits) { bits_.Store(bits, std::memory_order_relaxed); }

  // Marks `bits` free; returns what was free before. A bit in both was freed twice.
  [[nodiscard]] std::uint64_t Give(std::uint64_t bits) {
    return bits_.FetchOr(bits, std::memory_order_seq_cst);  // release, F1; seq_cst, F2
  }

  // Claims `bits`; returns those of them that it got, which nobody else did.
  [[nodiscard]] std::uint64_t Take(std::uint64_t bits) {
    return bits_.FetchAnd(~bits, std::memory_order_acquire) & bits;  // acquire, F1
  }

  // A guess at what Take() would get. relaxed: Take() checks it.
  std::uint64_t Guess() const { return bits_.Load(std::memory_order_relaxed); }

  // What is free now, for who has just taken the slab off the set.
  std::uint64_t Look() const { return bits_.Load(std::memory_order_seq_cst); }  // seq_cst, F2

 private:
  Cell<std::uint64_t, Model> bits_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_FREE_WORD_H_
