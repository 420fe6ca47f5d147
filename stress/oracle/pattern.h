// pattern.h - bytes that only one block can have: written after allocation, looked at before free.
//
// Word k of a block holds seed + k * step, so a neighbour's bytes, a shifted copy and a stale page
// all differ from it. A block of up to kWholeBytes is covered byte by byte. Of a larger one the
// first and last kEndBytes are, and between them one word in every page up to 2 MiB, then fewer: at
// most kMostSamples words. Each makes a page resident, which may be a huge one of 2 MiB.
#ifndef ASHLAR_STRESS_ORACLE_PATTERN_H_
#define ASHLAR_STRESS_ORACLE_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ashlar::stress {

inline constexpr std::size_t kWholeBytes = 1024;
inline constexpr std::size_t kEndBytes = 512;
inline constexpr std::size_t kMostSamples = 512;

// O(1) for large blocks, in the sense above.
void WritePattern(char* start, std::size_t size_bytes, std::uint64_t seed);

// The first offset below `limit_bytes` at which a block that was written with `size_bytes` differs
// from its pattern. `limit_bytes` is the smaller size after a reallocation, else `size_bytes`.
[[nodiscard]] std::optional<std::size_t> FindDamage(const char* start, std::size_t size_bytes,
                                                    std::size_t limit_bytes, std::uint64_t seed);

// The first offset below `size_bytes` that is not zero. Looks at every byte up to 1 MiB, then at
// the same sample as the pattern.
[[nodiscard]] std::optional<std::size_t> FindNonZero(const char* start, std::size_t size_bytes);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_PATTERN_H_
