// slot_geometry.h - how a slab of one class is divided into slots.
//
//   slab    +----------------+--------+--------+-- ... --+--------+------+
//           | free words, if | slot 0 | slot 1 |         | slot n | rest |
//           | many slots     |        |        |         |        |      |
//           +----------------+--------+--------+-- ... --+--------+------+
//           ^ aligned to slab_bytes, a power of two
//
// The free words of a slab lie in its record, out of reach of overruns. A class of so many slots
// that the record has no room for them keeps them at the head of the slab.
#ifndef ASHLAR_INTERNAL_SLAB_SLOT_GEOMETRY_H_
#define ASHLAR_INTERNAL_SLAB_SLOT_GEOMETRY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/configuration.h"
#include "ashlar/internal/span/arena.h"

namespace ashlar::internal {

inline constexpr std::size_t kSlabRecordHead = 24;  // bytes of a SlabRecord before its words

struct SlotGeometry {
  std::uint32_t slot_bytes = 0;
  std::uint32_t slots = 0;         // of a slab
  std::uint32_t words = 0;         // of 64 bits each, for them
  std::uint32_t first_offset = 0;  // of slot 0; not 0 where the words lie in the slab
  std::uint64_t slab_bytes = 0;
  std::uint64_t inverse = 0;  // ceil(2^40 / slot_bytes); 0 where only a division is exact

  constexpr bool words_in_slab() const { return first_offset != 0; }

  // The slot whose bytes include `offset` (of the slab); wrong, but harmless, below first_offset.
  constexpr std::uint32_t SlotAt(std::size_t offset) const {
    const std::uint64_t from_first = offset - first_offset;
    return static_cast<std::uint32_t>(inverse != 0 ? (from_first * inverse) >> 40
                                                   : from_first / slot_bytes);
  }
  constexpr std::size_t OffsetOf(std::uint32_t slot) const {
    return first_offset + std::size_t{slot} * slot_bytes;
  }
  // The bits of word `word` that stand for slots.
  constexpr std::uint64_t FullWord(std::uint32_t word) const {
    return LowBits(std::min<std::uint32_t>(64, slots - word * 64));
  }
};

// Bytes of one word array, with the live marks of checked builds behind it.
constexpr std::size_t WordBytes(std::size_t words) { return words * 8 * (kChecked ? 2 : 1); }

// The division of slabs of `slab_bytes` for slots of `slot_bytes`.
constexpr SlotGeometry DivideSlab(std::size_t slot_bytes, std::size_t slab_bytes,
                                  const ArenaGeometry& arena) {
  SlotGeometry geometry;
  geometry.slot_bytes = static_cast<std::uint32_t>(slot_bytes);
  geometry.slab_bytes = slab_bytes;
  std::size_t slots = slab_bytes / slot_bytes;
  const std::size_t room = (std::size_t{1} << arena.record_shift) - kSlabRecordHead;
  if (WordBytes(DivideUp(slots, 64)) > room) {
    // As many slots as fit beside their words; the first on its natural alignment.
    const std::size_t alignment = slot_bytes & (~slot_bytes + 1);
    std::size_t head = RoundUp(WordBytes(DivideUp(slots, 64)), std::max<std::size_t>(alignment, 8));
    slots = (slab_bytes - head) / slot_bytes;
    geometry.first_offset = static_cast<std::uint32_t>(head);
  }
  geometry.slots = static_cast<std::uint32_t>(slots);
  geometry.words = static_cast<std::uint32_t>(DivideUp(slots, 64));
  // Exact while offset * slot_bytes < 2^40 and the product fits.
  if (slab_bytes <= (std::size_t{1} << 20)) {
    geometry.inverse = DivideUp(std::size_t{1} << 40, slot_bytes);
  }
  return geometry;
}

// Slabs of a heap's classes, and of any slot up to a unit: 1, 2 or 4 units, at least four slots.
// Larger slots: the smallest power of two that wastes at most an eighth, of at least two slots.
constexpr SlotGeometry MakeSlotGeometry(std::size_t slot_bytes, const ArenaGeometry& arena) {
  const std::size_t unit = arena.unit_bytes();
  if (slot_bytes <= unit) {
    const std::size_t units = slot_bytes <= unit / 32 ? 1 : slot_bytes <= unit / 4 ? 2 : 4;
    return DivideSlab(slot_bytes, units * unit, arena);
  }
  const std::size_t smallest = std::size_t{1} << CeilLog2(2 * slot_bytes);
  std::size_t best = smallest;
  for (std::size_t slab = smallest; slab <= 4 * smallest; slab *= 2) {
    const auto waste = [slot_bytes](std::size_t n) { return (n % slot_bytes) * 1024 / n; };
    if (waste(best) <= 128) break;
    if (waste(slab) < waste(best)) best = slab;
  }
  return DivideSlab(slot_bytes, best, arena);
}

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SLAB_SLOT_GEOMETRY_H_
