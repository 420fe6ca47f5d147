// A heap over a source that uses other containers: their slow paths do what was asked of the
// thread, and that may be to bring home what it has of the very heap that waits for the source.
#include <cstddef>
#include <cstdint>

#include "ashlar/heap.h"
#include "ashlar/memory_source.h"
#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/heap/testing/block_pattern.h"
#include "lib/heap/testing/guarded_bytes.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::FillBlock;
using testing::GuardedBytes;
using testing::IsFilled;
using testing::TestingSource;

constexpr std::size_t kKiB = 1 << 10;
constexpr std::size_t kMiB = 1 << 20;

class BusySource {
 public:
  BusySource() : bytes_(32 * kKiB) {
    EXPECT_EQ(poor_.AddMemory(bytes_.start(), bytes_.size_bytes()), AddStatus::kAdded);
  }

  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    if (is_busy_) {
      // A container that finds no memory asks every thread for its magazines: for those of each
      // container that ever asked. This thread hears of it at its next slow path.
      EXPECT_EQ(poor_.Allocate(64 * kKiB), nullptr);
      books_.Delete(books_.New());
    }
    return source_.Acquire(size_bytes);
  }
  void Release(MemoryBlock block) noexcept { source_.Release(block); }

  void BeBusy() { is_busy_ = true; }
  void GiveOnly(std::size_t blocks) { source_.GiveOnly(blocks); }
  std::size_t blocks() { return source_.blocks(); }

 private:
  GuardedBytes bytes_;
  Heap poor_;
  SlabCache<std::uint64_t> books_;
  TestingSource source_;
  bool is_busy_ = false;
};

class HeapSource : public ::testing::Test {
 protected:
  // The heap asks for magazines, once and for ever. Then this thread has a free slot in one; when
  // it comes home its slab is empty, and goes back to the arenas.
  void HoldASlot() {
    source_.GiveOnly(0);
    EXPECT_EQ(heap_.Allocate(64 * kMiB), nullptr);
    source_.GiveOnly(SIZE_MAX);
    heap_.Free(heap_.Allocate(16 * kKiB));
    ASSERT_GT(heap_.Statistics().slab_bytes, 0u);
    ASSERT_GT(heap_.Statistics().cached_bytes, 0u);
    source_.BeBusy();
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
