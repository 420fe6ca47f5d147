// heap.h - the body's heap: what malloc and new give during an execution.
//
// Blocks come from the arena; the whole is forgotten after an execution. Whether a request gets a
// block that was freed before is a choice: reuse at the same address is what ABA needs, fresh
// memory is what use after free shows best.
#ifndef ASHLAR_STRESS_EXPLORER_HEAP_H_
#define ASHLAR_STRESS_EXPLORER_HEAP_H_

#include <cstddef>
#include <cstdint>

#include "stress/explorer/explore.h"
#include "stress/explorer/limits.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

void ResetHeap(Reuse reuse);
// Null when the heap's address space is used up. `alignment` is a power of two.
void* AllocateBlock(std::size_t size, std::size_t alignment, std::uint32_t pc);
void FreeBlock(void* block, std::uint32_t pc);
std::size_t SizeOfBlock(const void* block);
// Zeroed pages; null when there are none.
void* MapPages(std::size_t size);
void UnmapPages(void* start, std::size_t size, std::uint32_t pc);
// Blocks that are allocated.
std::size_t LiveBlocks();

inline bool IsInArena(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) - kArena < kArenaBytes;
}

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_HEAP_H_
