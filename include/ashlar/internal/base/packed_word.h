// packed_word.h - fields of one 64-bit word: masks computed from widths, never written by hand.
//
//   using Count = PackedField<0, 24>;
//   using Owner = PackedField<24, 40>;
//   word = Owner::Put(Count::Put(0, 1), owner);
#ifndef ASHLAR_INTERNAL_BASE_PACKED_WORD_H_
#define ASHLAR_INTERNAL_BASE_PACKED_WORD_H_

#include <cstdint>

#include "ashlar/internal/base/bits.h"

namespace ashlar::internal {

template <unsigned kShift, unsigned kWidth>
struct PackedField {
  static_assert(kWidth > 0 && kShift + kWidth <= 64);
  static constexpr unsigned kEnd = kShift + kWidth;
  static constexpr std::uint64_t kMax = LowBits(kWidth);
  static constexpr std::uint64_t kUnit = std::uint64_t{1} << kShift;
  static constexpr std::uint64_t kMask = kMax << kShift;

  static constexpr std::uint64_t Get(std::uint64_t word) { return (word >> kShift) & kMax; }
  // The bits of `value` beyond the field's width are dropped: fields that wrap rely on it.
  static constexpr std::uint64_t Put(std::uint64_t word, std::uint64_t value) {
    return (word & ~kMask) | ((value & kMax) << kShift);
  }
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_BASE_PACKED_WORD_H_
