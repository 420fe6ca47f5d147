// slab_set.h - which slabs of a class may have a free slot: a bitmap in up to five levels.
//
//   level 2   |1.......|                        one bit for each word of level 1 that is not zero
//   level 1   |1.1.....|........|...            one bit for each word of level 0 that is not zero
//   level 0   |..1.....|........|.1......|...   one bit for each unit that begins such a slab
//
// A bit may be stale (the slab is full, or no slab of ours any more): who finds it asks the slab.
// A bit is never lost: a slab with a free slot is in the set, or somebody is about to put it there.
// There is no list, hence no tag and no ABA; the lowest address comes first: memory stays dense.
//
// Edge      At level 0: F2, with the slab's free words (free_word.h); S3, with its state
//           (slab_state.h).
// Edge      F3: the same handshake between each level and the one above. Insert() sets its bit in a
//           word, then looks at the bit above; Remove() clears the bit above once a word is zero,
//           then looks at the word again. All four are seq_cst, so a word that is not zero is never
//           left out of the level above by both.
// Progress  wait-free, one step a level: Remove() goes on upwards, or turns to an Insert(), once.
// Death     a thread that stops for ever inside Remove() or Insert() may leave members unseen below
//           a clear bit. Insert() looks at every level, so that an Insert() of such a member by who
//           misses it (SlabPool::RepairSets) brings it back. Stopping at the first bit that is set
//           would save two or three loads on a rare path, and never heal.
#ifndef ASHLAR_INTERNAL_SYNC_SLAB_SET_H_
#define ASHLAR_INTERNAL_SYNC_SLAB_SET_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

// Where the words of each level stand, for sets over so many units.
struct SlabSetShape {
  static constexpr unsigned kMaxLevels = 5;

  constexpr SlabSetShape() = default;
  constexpr explicit SlabSetShape(std::size_t unit_count) : units(unit_count) {
    std::size_t words = unit_count;
    do {
      words = DivideUp(words, 64);
      first_word[levels++] = total_words;
      total_words += words;
    } while (words > 1);
  }

  std::size_t units = 0;
  std::size_t total_words = 0;
  std::size_t first_word[kMaxLevels] = {};
  unsigned levels = 0;
};

// A view of one set in a table of `stride` interleaved sets of the same shape: a heap's classes lie
// side by side, so that what is touched is proportional to the memory in use.
template <ThreadingModel Model>
class SlabSet {
 public:
  using Word = Cell<std::uint64_t, Model>;

  SlabSet(Word* table, const SlabSetShape& shape, std::size_t stride, std::size_t column)
      : table_(table + column), shape_(shape), stride_(stride) {}

  void Insert(std::size_t unit) const { InsertFrom(0, unit); }

  // Takes the unit off. The caller then looks at the slab again and puts it back if it has a slot.
  void Remove(std::size_t unit) const {
    for (unsigned level = 0; level < shape_.levels; ++level) {
      const std::uint64_t bit = BitOf(level, unit);
      // seq_cst, F2 and S3 at level 0, F3 above: cleared before the look that follows.
      const std::uint64_t before = WordOf(level, unit).FetchAnd(~bit, std::memory_order_seq_cst);
      // seq_cst, F3: the look.
      if (level > 0 && WordOf(level - 1, unit).Load(std::memory_order_seq_cst) != 0) {
        InsertFrom(level, unit);
        return;
      }
      if ((before & ~bit) != 0) return;
    }
  }

  // The lowest member >= `unit`; false if there is none.
  bool FindFrom(std::size_t unit, std::size_t* found) const {
    unsigned level = 0;
    while (unit < shape_.units) {
      const unsigned shift = 6 * level;
      const std::uint64_t word = Peek(level, unit) & (~std::uint64_t{0} << ((unit >> shift) & 63));
      if (word != 0) {
        const unsigned bit = static_cast<unsigned>(std::countr_zero(word));
        unit = (((unit >> shift) & ~std::size_t{63}) | bit) << shift;
        if (level == 0) {
          *found = unit;
          return true;
        }
        --level;
      } else {
        if (level + 1 == shape_.levels) return false;
        unit = (((unit >> shift) >> 6) + 1) << (shift + 6);
        ++level;
      }
    }
    return false;
  }

  // The highest member < `unit`; false if there is none.
  bool FindBelow(std::size_t unit, std::size_t* found) const {
    if (unit == 0) return false;
    --unit;
    unsigned level = 0;
    while (true) {
      const unsigned shift = 6 * level;
      const std::uint64_t word =
          Peek(level, unit) & (~std::uint64_t{0} >> (63 - ((unit >> shift) & 63)));
      if (word != 0) {
        const unsigned bit = FloorLog2(word);
        const std::size_t member = ((unit >> shift) & ~std::size_t{63}) | bit;
        // Whoever came up to a level did so from its lower end, so every unit of the member found
        // is below.
        unit = ((member + 1) << shift) - 1;
        if (level == 0) {
          *found = unit;
          return true;
        }
        --level;
      } else {
        const std::size_t first = ((unit >> shift) & ~std::size_t{63}) << shift;
        if (level + 1 == shape_.levels || first == 0) return false;
        unit = first - 1;
        ++level;
      }
    }
  }

 private:
  Word& WordOf(unsigned level, std::size_t unit) const {
    return table_[(shape_.first_word[level] + (unit >> (6 * level + 6))) * stride_];
  }
  static std::uint64_t BitOf(unsigned level, std::size_t unit) {
    return Bit(static_cast<unsigned>((unit >> (6 * level)) & 63));
  }
  std::uint64_t Peek(unsigned level, std::size_t unit) const {
    return WordOf(level, unit).Load(std::memory_order_relaxed);  // relaxed: the slab checks it
  }
  void InsertFrom(unsigned level, std::size_t unit) const {
    for (; level < shape_.levels; ++level) {
      Word& word = WordOf(level, unit);
      const std::uint64_t bit = BitOf(level, unit);
      // seq_cst, F2 and S3 at level 0, F3 above: the look that follows the giver's write.
      if ((word.Load(std::memory_order_seq_cst) & bit) != 0) continue;
      // seq_cst, F3: set before the look at the level above.
      word.FetchOr(bit, std::memory_order_seq_cst);
    }
  }

  Word* table_;
  const SlabSetShape& shape_;
  std::size_t stride_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_SLAB_SET_H_
