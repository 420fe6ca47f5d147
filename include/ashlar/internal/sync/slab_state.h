// slab_state.h - whose a slab is, and how many hold it: the word that decides when it may go.
//
//   63                                   24 23                    0
//   +--------------------------------------+----------------------+
//   |  owner: the slab class, 0 for nobody |  count               |
//   +--------------------------------------+----------------------+
//
//   count = 1 for the class that owns the slab
//         + slots handed out (their bits are not set in the free words)
//         + slots that someone reserved and is about to take, or has given and not yet released
//
// So at count 1 every slot's bit is set and nobody is inside; who then swaps (owner, 1) for 0 owns
// the slab's memory alone. A stale reader that meets another owner is refused. The same owner again
// is no ABA: the word describes the present, and whoever holds a count holds this slab.
//
// Edge      S1: Publish() -> TryRetain(). The free words, the class map and the record of a fresh
//           slab are visible to who takes from it.
// Edge      S2: Release() -> TryRetire(). All that holders did with the slab's bytes and words
//           happens before its memory is used for something else.
// Edge      S3: Publish(), SlabSet::Insert() against SlabSet::Remove(), TryRetain(). The handshake
//           of F2 (free_word.h) with the state in the word's place: a slab that was published is
//           never left out of the set both by its maker, who saw a stale bit there, and by who
//           removed that bit, who saw that the slab was nobody's.
// All changes but Publish() and Abandon() are read-modify-writes, so each release reaches every
// later acquire of the same life.
// Progress  Release and Publish wait-free, the others lock-free.
#ifndef ASHLAR_INTERNAL_SYNC_SLAB_STATE_H_
#define ASHLAR_INTERNAL_SYNC_SLAB_STATE_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/base/packed_word.h"
#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

template <ThreadingModel Model>
class SlabState {
 public:
  using Count = PackedField<0, 24>;
  using Owner = PackedField<Count::kEnd, 40>;
  static constexpr std::uint64_t kMaxOwner = Owner::kMax;

  // The slab's memory is the caller's alone. `count` includes the owner's one.
  void Publish(std::uint64_t owner, std::uint64_t count) {
    // release, S1; seq_cst, S3: before the maker looks at the set.
    word_.Store(Owner::Put(Count::Put(0, count), owner), std::memory_order_seq_cst);
  }

  // Holds the slab `n` times more if it is `owner`'s; false if it is not.
  [[nodiscard]] bool TryRetain(std::uint64_t owner, std::uint64_t n) {
    // seq_cst, S3: after the remover cleared the bit.
    std::uint64_t seen = word_.Load(std::memory_order_seq_cst);
    do {
      if (Owner::Get(seen) != owner) return false;
      // acquire, S1. relaxed on failure: only the word itself is used.
    } while (!word_.CompareExchange(seen, seen + n, std::memory_order_acquire,
                                    std::memory_order_relaxed));
    return true;
  }

  // Lets go of n holds of the caller's; returns the count that is left. At 1 the slab is empty.
  [[nodiscard]] std::uint64_t Release(std::uint64_t n) {
    return Count::Get(word_.FetchSub(n, std::memory_order_release)) - n;  // release, S2
  }

  // Makes the slab nobody's if only its owner holds it; then its memory is the caller's alone.
  [[nodiscard]] bool TryRetire(std::uint64_t owner) {
    const std::uint64_t empty = Owner::Put(Count::Put(0, 1), owner);
    std::uint64_t seen = empty;
    do {
      // acquire, S2. relaxed on failure: nothing is done then.
      if (word_.CompareExchange(seen, 0, std::memory_order_acquire, std::memory_order_relaxed)) {
        return true;
      }
    } while (seen == empty);  // a weak CAS may fail without a reason
    return false;
  }

  // Nobody's from now on, whatever was out: for owners that end as a whole.
  void Abandon() { word_.Store(0, std::memory_order_relaxed); }  // relaxed: the owner is alone

  // relaxed: checks and statistics; a caller that holds a slot of the slab reads a stable owner.
  std::uint64_t owner() const { return Owner::Get(word_.Load(std::memory_order_relaxed)); }
  std::uint64_t count() const { return Count::Get(word_.Load(std::memory_order_relaxed)); }

 private:
  Cell<std::uint64_t, Model> word_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_SLAB_STATE_H_
