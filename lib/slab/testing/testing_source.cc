#include "lib/slab/testing/testing_source.h"

#include <algorithm>
#include <iterator>

#include "ashlar/failure.h"

namespace ashlar::testing {

using Guard = internal::LockGuard<Concurrent>;

MemoryBlock TestingSource::Acquire(std::size_t size_bytes) noexcept {
  const Guard guard(lock_);
  if (budget_ > 0 && blocks_ < kMostBlocks) {
    const MemoryBlock block = SystemMemory().Acquire(size_bytes);
    if (block.start != nullptr) {
      if (budget_ != SIZE_MAX) --budget_;
      out_[blocks_++] = block;
      bytes_ += block.size_bytes;
      ++acquired_;
      return block;
    }
  }
  ++refused_;
  return {};
}

void TestingSource::Release(MemoryBlock block) noexcept {
  const Guard guard(lock_);
  MemoryBlock* end = out_ + blocks_;
  MemoryBlock* mine = std::find_if(out_, end, [&](const MemoryBlock& out) {
    return out.start == block.start && out.size_bytes == block.size_bytes;
  });
  if (mine == end) Fail(Failure::kForeignPointer, block.start);
  SystemMemory().Release(block);
  bytes_ -= block.size_bytes;
  *mine = out_[--blocks_];
}

void TestingSource::GiveOnly(std::size_t blocks) {
  const Guard guard(lock_);
  budget_ = blocks;
}

std::size_t TestingSource::blocks() {
  const Guard guard(lock_);
  return blocks_;
}

std::size_t TestingSource::bytes() {
  const Guard guard(lock_);
  return bytes_;
}

std::size_t TestingSource::acquired() {
  const Guard guard(lock_);
  return acquired_;
}

std::size_t TestingSource::refused() {
  const Guard guard(lock_);
  return refused_;
}

}  // namespace ashlar::testing
