// block_pattern.h - bytes that tell whose they are: written over a whole block, looked at later.
//
// Each byte depends on the tag and on its place, so that a block that another overlaps, or that was
// copied to the wrong place, does not pass. Plain memory: the race detector watches it.
#ifndef ASHLAR_LIB_HEAP_TESTING_BLOCK_PATTERN_H_
#define ASHLAR_LIB_HEAP_TESTING_BLOCK_PATTERN_H_

#include <cstddef>
#include <cstdint>

namespace ashlar::testing {

void FillBlock(void* block, std::size_t size_bytes, std::uint64_t tag);

// True: the first `size_bytes` are as FillBlock() left them.
[[nodiscard]] bool IsFilled(const void* block, std::size_t size_bytes, std::uint64_t tag);

[[nodiscard]] bool IsZero(const void* block, std::size_t size_bytes);

}  // namespace ashlar::testing

#endif  // ASHLAR_LIB_HEAP_TESTING_BLOCK_PATTERN_H_
