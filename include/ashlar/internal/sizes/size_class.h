// size_class.h - the sizes that a Heap rounds to, as constexpr arithmetic.
//
//   class      0            1..16       17..24     25..32      33..40 ... 57..64
//   sizes      (no class)   16..256     288..512   576..1024   1152..2048  ...  ..16384
//   step                    16          32         64          128        ...   1024
//
// Eight steps for each doubling above 256 bytes. What rounding adds is at most 12.5 % of the class
// above 112 bytes; below, it is what alignment to 16 bytes asks for (at most 15 bytes).
#ifndef ASHLAR_INTERNAL_SIZES_SIZE_CLASS_H_
#define ASHLAR_INTERNAL_SIZES_SIZE_CLASS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "ashlar/internal/base/bits.h"

namespace ashlar::internal {

inline constexpr std::size_t kGranule = 16;             // every class is a multiple of it
inline constexpr std::size_t kSmallMax = 1024;          // up to here the class comes from a table
inline constexpr std::size_t kClassedMax = 16 * 1024;   // the largest size that has a class
inline constexpr unsigned kFirstMediumClass = 33;       // the class of 1152 bytes
inline constexpr unsigned kClasses = 65;                // class 0 included
inline constexpr unsigned kLog2ClassAlignments = 12;    // classes are found for alignments to 4 KiB

// The slot size of `size_class`; 0 for class 0. size_class < kClasses.
constexpr std::size_t SizeOfClass(unsigned size_class) {
  if (size_class <= 16) return size_class * 16U;
  if (size_class <= 24) return 256 + (size_class - 16) * 32U;
  if (size_class <= 32) return 512 + (size_class - 24) * 64U;
  const unsigned step = size_class - kFirstMediumClass;
  return std::size_t{9 + step % 8} << (7 + step / 8);
}

namespace size_class_tables {

constexpr unsigned SmallClass(std::size_t size_bytes) {
  if (size_bytes <= 16) return 1;
  if (size_bytes <= 256) return static_cast<unsigned>(DivideUp(size_bytes, 16));
  if (size_bytes <= 512) return static_cast<unsigned>(16 + DivideUp(size_bytes - 256, 32));
  return static_cast<unsigned>(24 + DivideUp(size_bytes - 512, 64));
}

constexpr auto MakeSmall() {
  std::array<std::uint8_t, kSmallMax / kGranule + 1> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<std::uint8_t>(SmallClass(i * kGranule));
  }
  return table;
}

// [log2 alignment - 4][class]: the smallest class from `class` on whose size is a multiple of the
// alignment; 0 where there is none.
constexpr auto MakeAligned() {
  std::array<std::array<std::uint8_t, kClasses>, kLog2ClassAlignments - 3> table{};
  for (unsigned row = 0; row < table.size(); ++row) {
    for (unsigned c = kClasses; c-- > 1;) {
      const bool fits = SizeOfClass(c) % (std::size_t{16} << row) == 0;
      const unsigned next = c + 1 < kClasses ? table[row][c + 1] : 0;
      table[row][c] = static_cast<std::uint8_t>(fits ? c : next);
    }
  }
  return table;
}

inline constexpr auto kSmall = MakeSmall();
inline constexpr auto kAligned = MakeAligned();

}  // namespace size_class_tables

// The smallest class that holds `size_bytes`; size 0 has the class of 16. size_bytes <= kClassedMax.
constexpr unsigned ClassOfSize(std::size_t size_bytes) {
  if (size_bytes <= kSmallMax) {
    return size_class_tables::kSmall[(size_bytes + kGranule - 1) / kGranule];
  }
  const unsigned log = FloorLog2(size_bytes - 1);
  return kFirstMediumClass + (log - 10) * 8 +
         static_cast<unsigned>(((size_bytes - 1) >> (log - 3)) & 7);
}

// The smallest class that holds `size_bytes` in slots whose size is a multiple of `alignment` (a
// power of two); 0 where none does. Slots of such a class are aligned so, slabs being aligned to
// their own size.
constexpr unsigned ClassOfAligned(std::size_t size_bytes, std::size_t alignment) {
  if (alignment > (std::size_t{1} << kLog2ClassAlignments) || size_bytes > kClassedMax) return 0;
  const unsigned smallest = ClassOfSize(size_bytes);
  if (alignment <= kGranule) return smallest;
  return size_class_tables::kAligned[FloorLog2(alignment) - 4][smallest];
}

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SIZES_SIZE_CLASS_H_
