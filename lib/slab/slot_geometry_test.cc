#include "ashlar/internal/slab/slot_geometry.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr ArenaGeometry kArenas[] = {kTinyGeometry, kSmallGeometry, kLargeGeometry};

// Sizes around every power of two and some between, up to 4 MiB.
std::vector<std::size_t> SlotSizes() {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 8; size < 300; ++size) sizes.push_back(size);
  for (std::size_t power = 512; power <= (std::size_t{4} << 20); power *= 2) {
    for (const std::size_t size : {power - 8, power - 1, power, power + 1, power + power / 2 + 8}) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

TEST(SlotGeometry, EverySlabIsAPowerOfTwoOfAtLeastTwoSlots) {
  for (const ArenaGeometry& arena : kArenas) {
    for (const std::size_t size : SlotSizes()) {
      const SlotGeometry geometry = MakeSlotGeometry(size, arena);
      ASSERT_TRUE(IsPowerOfTwo(geometry.slab_bytes)) << size;
      ASSERT_GE(geometry.slab_bytes, arena.unit_bytes()) << size;
      ASSERT_GE(geometry.slots, 2u) << size;
      if (size <= arena.unit_bytes()) {
        ASSERT_GE(geometry.slots, 4u) << size;
      }
    }
  }
}

TEST(SlotGeometry, SlotsAndWordsLieInTheSlabAndDoNotOverlap) {
  for (const ArenaGeometry& arena : kArenas) {
    for (const std::size_t size : SlotSizes()) {
      const SlotGeometry geometry = MakeSlotGeometry(size, arena);
      ASSERT_EQ(geometry.slot_bytes, size);
      ASSERT_EQ(geometry.words, DivideUp(geometry.slots, 64)) << size;
      ASSERT_LE(geometry.OffsetOf(geometry.slots - 1) + size, geometry.slab_bytes) << size;
      const std::size_t room = (std::size_t{1} << arena.record_shift) - kSlabRecordHead;
      ASSERT_LE(WordBytes(geometry.words), geometry.words_in_slab() ? geometry.first_offset : room)
          << size;
    }
  }
}

TEST(SlotGeometry, WasteIsAtMostAnEighthBeyondAUnit) {
  for (const std::size_t size : SlotSizes()) {
    if (size <= kLargeGeometry.unit_bytes()) continue;
    const SlotGeometry geometry = MakeSlotGeometry(size, kLargeGeometry);
    const std::size_t waste = geometry.slab_bytes - std::size_t{geometry.slots} * size;
    EXPECT_LE(waste * 8, geometry.slab_bytes + geometry.slab_bytes / 64) << size;
  }
}

TEST(SlotGeometry, TheSlotOfEveryInteriorByteIsFound) {
  for (const ArenaGeometry& arena : kArenas) {
    for (const std::size_t size : SlotSizes()) {
      const SlotGeometry geometry = MakeSlotGeometry(size, arena);
      const std::size_t step = size < 512 ? 1 : size - 1;  // small: every byte; else both ends
      for (std::uint32_t slot = 0; slot < geometry.slots; ++slot) {
        for (std::size_t byte = 0; byte < size; byte += step) {
          ASSERT_EQ(geometry.SlotAt(geometry.OffsetOf(slot) + byte), slot) << size << " " << byte;
        }
        ASSERT_EQ(geometry.SlotAt(geometry.OffsetOf(slot) + size - 1), slot) << size;
      }
    }
  }
}

TEST(SlotGeometry, SlotsKeepTheAlignmentOfTheirSize) {
  for (const ArenaGeometry& arena : kArenas) {
    for (const std::size_t size : SlotSizes()) {
      const SlotGeometry geometry = MakeSlotGeometry(size, arena);
      const std::size_t alignment = size & (~size + 1);
      if (alignment < 8 || alignment > geometry.slab_bytes / 2) continue;
      for (std::uint32_t slot = 0; slot < geometry.slots; ++slot) {
        ASSERT_EQ(geometry.OffsetOf(slot) % alignment, 0u) << size << " " << slot;
      }
    }
  }
}

TEST(SlotGeometry, FullWordsHaveABitForEachSlotAndNoMore) {
  for (const ArenaGeometry& arena : kArenas) {
    for (const std::size_t size : SlotSizes()) {
      const SlotGeometry geometry = MakeSlotGeometry(size, arena);
      std::uint32_t bits = 0;
      for (std::uint32_t word = 0; word < geometry.words; ++word) {
        bits += static_cast<std::uint32_t>(std::popcount(geometry.FullWord(word)));
      }
      ASSERT_EQ(bits, geometry.slots) << size;
    }
  }
}

}  // namespace
}  // namespace ashlar::internal
