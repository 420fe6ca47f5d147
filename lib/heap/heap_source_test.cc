// A heap over a source that uses other containers: their slow paths do what was asked of the
// thread, and that may be to bring home what it has of the very heap that waits for the source.
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>

#include "ashlar/heap.h"
#include "ashlar/memory_source.h"
#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/heap/testing/block_pattern.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::FillBlock;
using testing::IsFilled;
using testing::TestingSource;

constexpr std::size_t kKiB = 1 << 10;
constexpr std::size_t kMiB = 1 << 20;

class BusySource {
 public:
  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    if (Heap* asker = std::exchange(asker_, nullptr)) {
      // Another thread finds no memory in the heap and asks all threads for their magazines; this
      // one hears of it at its next slow path, which is another container's.
      source_.GiveOnly(0);
      std::thread([&] { EXPECT_EQ(asker->Allocate(64 * kMiB), nullptr); }).join();
      source_.GiveOnly(SIZE_MAX);
      books_.Delete(books_.New());
    }
    return source_.Acquire(size_bytes);
  }
  void Release(MemoryBlock block) noexcept { source_.Release(block); }

  void BeBusyFor(Heap& asker) { asker_ = &asker; }

 private:
  SlabCache<std::uint64_t> books_;
  TestingSource source_;
  Heap* asker_ = nullptr;
};

class HeapSource : public ::testing::Test {
 protected:
  // This thread has a free slot in a magazine; when it comes home its slab is empty, and goes back
  // to the arenas.
  void HoldASlot() {
    heap_.Free(heap_.Allocate(16 * kKiB));
    ASSERT_GT(heap_.Statistics().slab_bytes, 0u);
    ASSERT_GT(heap_.Statistics().cached_bytes, 0u);
    source_.BeBusyFor(heap_);
  }

  BusySource source_;
  Heap heap_{source_, HeapOptions{.keep_empty_slabs = 0}};
};

// Red: it hangs.
TEST_F(HeapSource, MayBringHomeSlotsOfTheHeapThatWaitsForItWithARun) {
  HoldASlot();
  void* run = heap_.Allocate(4 * kMiB);
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(heap_.Statistics().slab_bytes, 0u) << "that is what it did";
  FillBlock(run, 4 * kMiB, 1);
  EXPECT_TRUE(IsFilled(run, 4 * kMiB, 1));
  heap_.Free(run);
}

}  // namespace
}  // namespace ashlar
