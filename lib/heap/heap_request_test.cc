// What a request gets: its size, its alignment, a block of its own; or null, and nothing changed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ashlar/heap.h"
#include "ashlar/internal/sizes/size_class.h"
#include "ashlar/memory_source.h"
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
constexpr std::size_t kLargestAlignment = 4 * kMiB;

bool IsAligned(const void* block, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

// Around each border between classes, and between classes and runs.
std::vector<std::size_t> BorderSizes() {
  std::set<std::size_t> sizes = {0, 1, 2, 3, 15, 20'000, 65'536, 100'000, 1'000'000};
  for (unsigned c = 1; c < internal::kClasses; ++c) {
    const std::size_t border = internal::SizeOfClass(c);
    sizes.insert({border - 1, border, border + 1});
  }
  return {sizes.begin(), sizes.end()};
}

// Allocates, fills and frees blocks of each size in `sizes` with each alignment up to `largest`;
// two of each live at once.
void ExpectEachServed(Heap& heap, const std::vector<std::size_t>& sizes, std::size_t largest) {
  for (std::size_t alignment = 1; alignment <= largest; alignment *= 2) {
    for (const std::size_t size : sizes) {
      SCOPED_TRACE(std::to_string(size) + " aligned to " + std::to_string(alignment));
      void* first = heap.Allocate(size, alignment);
      void* second = heap.Allocate(size, alignment);
      ASSERT_NE(first, nullptr);
      ASSERT_NE(second, nullptr);
      EXPECT_TRUE(IsAligned(first, std::max<std::size_t>(alignment, 16)));
      EXPECT_TRUE(IsAligned(second, std::max<std::size_t>(alignment, 16)));
      EXPECT_NE(first, second);
      EXPECT_GE(heap.UsableSize(first), std::max<std::size_t>(size, 1));
      FillBlock(first, heap.UsableSize(first), size);
      FillBlock(second, heap.UsableSize(second), size + 1);
      EXPECT_TRUE(IsFilled(first, heap.UsableSize(first), size));
      heap.Free(first, size, alignment);
      EXPECT_TRUE(IsFilled(second, heap.UsableSize(second), size + 1));
      heap.Free(second);
    }
  }
  EXPECT_EQ(heap.Statistics().used_bytes, 0u);
}

TEST(HeapRequest, EverySizeAndEveryAlignmentIsServedOverTheSystem) {
  SystemMemory system;
  Heap heap(system);
  ExpectEachServed(heap, BorderSizes(), 64 * kKiB);
}

TEST(HeapRequest, EverySizeAndEveryAlignmentIsServedOverAGrowingSource) {
  TestingSource source;
  Heap heap(source);
  ExpectEachServed(heap, BorderSizes(), 64 * kKiB);
}

TEST(HeapRequest, EverySizeAndEveryAlignmentIsServedInARegion) {
  // At each of its three divisions into units and pages.
  for (const std::size_t size : {200 * kKiB, 900 * kKiB, 4 * kMiB}) {
    const GuardedBytes bytes(size, 24);
    Heap heap;
    ASSERT_EQ(heap.AddMemory(bytes.start(), size), AddStatus::kAdded);
    std::vector<std::size_t> sizes = BorderSizes();
    std::erase_if(sizes, [&](std::size_t n) { return n > size / 8; });
    ExpectEachServed(heap, sizes, size / 16);
    EXPECT_TRUE(bytes.MarginsAreIntact());
  }
}

// The defect: alignment above 4096 was ignored.
TEST(HeapRequest, AlignmentAbove4096IsHonoured) {
  SystemMemory system;
  Heap system_heap(system);
  TestingSource source;
  Heap source_heap(source);
  for (std::size_t alignment = 8 * kKiB; alignment <= kLargestAlignment; alignment *= 2) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{100}, 5 * kKiB, 40 * kKiB, 3 * kMiB}) {
      for (Heap* heap : {&system_heap, &source_heap}) {
        void* blocks[3];
        for (void*& block : blocks) {
          block = heap->Allocate(size, alignment);
          ASSERT_NE(block, nullptr);
          EXPECT_TRUE(IsAligned(block, alignment)) << size << " " << alignment;
          FillBlock(block, heap->UsableSize(block), alignment);
        }
        for (void* block : blocks) {
          EXPECT_TRUE(IsFilled(block, heap->UsableSize(block), alignment));
          heap->Free(block, size, alignment);
        }
      }
    }
  }
}

TEST(HeapRequest, ASizeOfZeroIsABlockOfItsOwn) {
  SystemMemory system;
  Heap heap(system);
  std::set<void*> blocks;
  for (int i = 0; i < 1000; ++i) {
    void* block = i % 2 == 0 ? heap.Allocate(0) : heap.Allocate(0, 4096);
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(blocks.insert(block).second);
  }
  for (void* block : blocks) heap.Free(block);
}

// The defect: a zero-size round trip crashed.
TEST(HeapRequest, AZeroSizeRoundTripIsServedInEveryForm) {
  const GuardedBytes bytes(64 * kKiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  for (int i = 0; i < 100; ++i) {
    heap.Free(heap.Allocate(0));
    heap.Free(heap.Allocate(0), 0);
    heap.Free(heap.Allocate(0, 64), 0, 64);
    heap.Free(heap.Allocate(0, 16 * kKiB), 0, 16 * kKiB);
    heap.Free(heap.AllocateZeroed(0), 0);
    void* block = heap.Reallocate(nullptr, 0);
    ASSERT_NE(block, nullptr);
    block = heap.Reallocate(block, 0);
    ASSERT_NE(block, nullptr);
    block = heap.Reallocate(block, 5000);
    ASSERT_NE(block, nullptr);
    block = heap.Reallocate(block, 0);
    ASSERT_NE(block, nullptr);
    heap.Free(block, 0);
  }
  EXPECT_EQ(heap.Statistics().used_bytes, 0u);
}

void ExpectSameAccounts(const HeapStatistics& before, const HeapStatistics& after) {
  EXPECT_EQ(before.total_bytes, after.total_bytes);
  EXPECT_EQ(before.used_bytes, after.used_bytes);
  EXPECT_EQ(before.available_bytes, after.available_bytes);
  EXPECT_EQ(before.block_bytes, after.block_bytes);
}

// Requests that no heap can serve.
void ExpectImpossibleRefused(Heap& heap) {
  void* live = heap.Allocate(300);
  void* large = heap.Allocate(20 * kKiB);
  ASSERT_NE(live, nullptr);
  ASSERT_NE(large, nullptr);
  FillBlock(live, 300, 1);
  FillBlock(large, 20 * kKiB, 2);
  heap.FlushThread();
  const HeapStatistics before = heap.Statistics();
  for (const std::size_t size :
       {std::size_t{PTRDIFF_MAX}, std::size_t{PTRDIFF_MAX} + 1, SIZE_MAX - 4096, SIZE_MAX - 15,
        SIZE_MAX - 1, SIZE_MAX, SIZE_MAX / 4 + 1}) {
    EXPECT_EQ(heap.Allocate(size), nullptr) << size;
    EXPECT_EQ(heap.AllocateZeroed(size), nullptr) << size;
    EXPECT_EQ(heap.Reallocate(nullptr, size), nullptr) << size;
    EXPECT_EQ(heap.Reallocate(live, size), nullptr) << size;
    EXPECT_EQ(heap.Reallocate(large, size), nullptr) << size;
    for (std::size_t alignment = 1; alignment != 0; alignment *= 2) {
      EXPECT_EQ(heap.Allocate(size, alignment), nullptr) << size << " " << alignment;
    }
  }
  for (std::size_t alignment = std::size_t{1} << 50; alignment != 0; alignment *= 2) {
    EXPECT_EQ(heap.Allocate(1, alignment), nullptr) << alignment;
    EXPECT_EQ(heap.Allocate(100 * kKiB, alignment), nullptr) << alignment;
  }
  for (const std::size_t alignment : {std::size_t{0}, std::size_t{3}, std::size_t{24},
                                      std::size_t{4097}, SIZE_MAX, SIZE_MAX - 1}) {
    EXPECT_EQ(heap.Allocate(100, alignment), nullptr) << alignment;
    EXPECT_EQ(heap.Allocate(100 * kKiB, alignment), nullptr) << alignment;
  }
  ExpectSameAccounts(before, heap.Statistics());
  EXPECT_TRUE(IsFilled(live, 300, 1));
  EXPECT_TRUE(IsFilled(large, 20 * kKiB, 2));
  heap.Free(live);
  heap.Free(large);
}

TEST(HeapRequest, OverflowAndImpossibleRequestsGiveNullAndChangeNothing) {
  const GuardedBytes bytes(256 * kKiB);
  Heap region_heap;
  ASSERT_EQ(region_heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  ExpectImpossibleRefused(region_heap);
  SystemMemory system;
  Heap system_heap(system);
  ExpectImpossibleRefused(system_heap);
  TestingSource source;
  Heap source_heap(source);
  ExpectImpossibleRefused(source_heap);
  EXPECT_EQ(source.blocks(), 1u);
}

TEST(HeapRequest, ExhaustionGivesNullAndChangesNothing) {
  const GuardedBytes bytes(512 * kKiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  std::vector<void*> blocks;
  for (std::size_t i = 0;; ++i) {
    const std::size_t size = 1 + i * 997 % 9000;
    void* block = heap.Allocate(size);
    if (block == nullptr) break;
    FillBlock(block, heap.UsableSize(block), i);
    blocks.push_back(block);
  }
  while (void* block = heap.Allocate(1)) {
    FillBlock(block, heap.UsableSize(block), blocks.size());
    blocks.push_back(block);
  }
  const HeapStatistics full = heap.Statistics();
  for (std::size_t size = 0; size < 20'000; size = size * 2 + 1) {
    const HeapStatistics before = heap.Statistics();
    void* block = heap.Allocate(size);
    if (block == nullptr) {
      ExpectSameAccounts(before, heap.Statistics());
    } else {
      heap.Free(block);  // a class that still had a slot
    }
    heap.FlushThread();
  }
  ExpectSameAccounts(full, heap.Statistics());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_TRUE(IsFilled(blocks[i], heap.UsableSize(blocks[i]), i));
    heap.Free(blocks[i]);
  }
  EXPECT_NE(heap.Allocate(heap.Statistics().available_bytes), nullptr) << "it recovers";
  EXPECT_TRUE(bytes.MarginsAreIntact());
}

TEST(HeapRequest, AHeapWithoutMagazinesServesTheSame) {
  SystemMemory system;
  HeapOptions options;
  options.magazine_slots = 0;
  Heap heap(system, options);
  ExpectEachServed(heap, BorderSizes(), 4 * kKiB);
  EXPECT_EQ(heap.Statistics().cached_bytes, 0u);
}

TEST(HeapRequest, HeapsBeyondThoseThatCanHaveMagazinesServeTheSame) {
  const GuardedBytes bytes(64 * kKiB * 100);
  std::vector<std::unique_ptr<Heap>> heaps;
  for (std::size_t i = 0; i < 100; ++i) {
    heaps.push_back(std::make_unique<Heap>());
    ASSERT_EQ(heaps[i]->AddMemory(bytes.At(i * 64 * kKiB), 64 * kKiB), AddStatus::kAdded);
  }
  for (std::size_t i = 0; i < heaps.size(); ++i) {
    ExpectEachServed(*heaps[i], {0, 1, 100, 1024, 1025, 5000}, kKiB);
  }
  EXPECT_TRUE(bytes.MarginsAreIntact());
}

}  // namespace
}  // namespace ashlar
