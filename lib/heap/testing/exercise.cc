#include "lib/heap/testing/exercise.h"

#include <cstddef>
#include <vector>

#include "gtest/gtest.h"
#include "lib/heap/testing/block_pattern.h"

namespace ashlar::testing {

void Exercise(Heap& heap, std::uint64_t tag) {
  std::vector<void*> blocks;
  for (std::size_t size = 8; size < 40'000; size = size * 3 / 2) {
    for (int i = 0; i < 3; ++i) {
      void* block = heap.Allocate(size);
      if (block == nullptr) continue;
      FillBlock(block, 8, tag);
      blocks.push_back(block);
    }
  }
  for (void* block : blocks) {
    EXPECT_TRUE(IsFilled(block, 8, tag));
    heap.Free(block);
  }
}

}  // namespace ashlar::testing
