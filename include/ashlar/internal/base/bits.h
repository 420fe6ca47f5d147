// bits.h - arithmetic on powers of two and bit masks.
//
// Constexpr, total where a comment does not say otherwise, free of undefined behaviour.
#ifndef ASHLAR_INTERNAL_BASE_BITS_H_
#define ASHLAR_INTERNAL_BASE_BITS_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace ashlar::internal {

constexpr bool IsPowerOfTwo(std::size_t n) { return std::has_single_bit(n); }

// `alignment` is a power of two.
constexpr std::size_t RoundDown(std::size_t n, std::size_t alignment) {
  return n & ~(alignment - 1);
}

// `alignment` is a power of two; the caller knows that the result does not overflow.
constexpr std::size_t RoundUp(std::size_t n, std::size_t alignment) {
  return RoundDown(n + alignment - 1, alignment);
}

// `divisor` > 0; no overflow for any n.
constexpr std::size_t DivideUp(std::size_t n, std::size_t divisor) {
  return n / divisor + (n % divisor != 0 ? 1 : 0);
}

// n > 0.
constexpr unsigned FloorLog2(std::uint64_t n) {
  return 63U - static_cast<unsigned>(std::countl_zero(n));
}

// n > 0.
constexpr unsigned CeilLog2(std::uint64_t n) { return n == 1 ? 0 : FloorLog2(n - 1) + 1; }

// The n lowest bits set; 0 <= n <= 64.
constexpr std::uint64_t LowBits(unsigned n) {
  return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

constexpr std::uint64_t Bit(unsigned i) { return std::uint64_t{1} << i; }

// The `n` lowest of the set bits of `bits`; all of them where there are no more.
constexpr std::uint64_t LowestSetBits(std::uint64_t bits, unsigned n) {
  if (static_cast<unsigned>(std::popcount(bits)) <= n) return bits;
  std::uint64_t rest = bits;
  for (unsigned i = 0; i < n; ++i) rest &= rest - 1;
  return bits & ~rest;
}

inline std::uintptr_t AddressOf(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

template <typename T = void>
T* PointerTo(std::uintptr_t address) {
  return reinterpret_cast<T*>(address);
}

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_BASE_BITS_H_
