#include "stress/subject/counting_source.h"

namespace ashlar::stress {

MemoryBlock CountingSource::Acquire(std::size_t size_bytes) noexcept {
  const MemoryBlock block = memory_.Acquire(size_bytes);
  // relaxed: a count.
  outstanding_bytes_.fetch_add(block.size_bytes, std::memory_order_relaxed);
  return block;
}

void CountingSource::Release(MemoryBlock block) noexcept {
  // relaxed: a count.
  outstanding_bytes_.fetch_sub(block.size_bytes, std::memory_order_relaxed);
  memory_.Release(block);
}

}  // namespace ashlar::stress
