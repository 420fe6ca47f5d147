// How a heap gets its memory: in two phases, by more regions, from a source that grows.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "ashlar/failure.h"
#include "ashlar/heap.h"
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

TEST(HeapMemory, UseBeforeMemoryIsAnErrorAndNotACrash) {
  Heap heap;
  EXPECT_EQ(heap.Allocate(0), nullptr);
  EXPECT_EQ(heap.Allocate(100), nullptr);
  EXPECT_EQ(heap.Allocate(100, 64), nullptr);
  EXPECT_EQ(heap.Allocate(kMiB), nullptr);
  EXPECT_EQ(heap.AllocateZeroed(100), nullptr);
  EXPECT_EQ(heap.Reallocate(nullptr, 100), nullptr);
  heap.Free(nullptr);
  heap.Free(nullptr, 100);
  heap.Free(nullptr, 100, 64);
  EXPECT_EQ(heap.UsableSize(nullptr), 0u);
  heap.FlushThread();
  EXPECT_EQ(heap.Trim(), 0u);
  EXPECT_EQ(heap.Statistics().total_bytes, 0u);
}

TEST(HeapMemoryDeathTest, ABlockOfAHeapThatNeverHadMemoryIsForeign) {
  Heap heap;
  int mine = 0;
  EXPECT_DEATH(heap.Free(&mine), FailureName(Failure::kForeignPointer));
  EXPECT_DEATH(heap.Free(&mine, 4), FailureName(Failure::kForeignPointer));
  EXPECT_DEATH(static_cast<void>(heap.UsableSize(&mine)), FailureName(Failure::kForeignPointer));
  EXPECT_DEATH(static_cast<void>(heap.Reallocate(&mine, 100)),
               FailureName(Failure::kForeignPointer));
}

// The defect: overlapping regions were accepted and corrupted the heap.
TEST(HeapMemory, ASecondRegionOfTheSameMemoryIsRefused) {
  const GuardedBytes bytes(192 * kKiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.At(64 * kKiB), 64 * kKiB), AddStatus::kAdded);
  std::vector<void*> blocks;
  while (void* block = heap.Allocate(200)) blocks.push_back(block);
  for (std::size_t i = 0; i < blocks.size(); ++i) FillBlock(blocks[i], 200, i);

  EXPECT_EQ(heap.AddMemory(bytes.At(64 * kKiB), 64 * kKiB), AddStatus::kOverlaps);
  EXPECT_EQ(heap.AddMemory(bytes.At(80 * kKiB), 32 * kKiB), AddStatus::kOverlaps);
  EXPECT_EQ(heap.AddMemory(bytes.start(), 192 * kKiB), AddStatus::kOverlaps);
  EXPECT_EQ(heap.AddMemory(bytes.start(), 64 * kKiB + 1), AddStatus::kOverlaps);
  EXPECT_EQ(heap.AddMemory(bytes.At(128 * kKiB - 1), 64 * kKiB), AddStatus::kOverlaps);

  EXPECT_EQ(heap.Allocate(200), nullptr);
  for (std::size_t i = 0; i < blocks.size(); ++i) EXPECT_TRUE(IsFilled(blocks[i], 200, i));
  // Neighbours share no byte.
  EXPECT_EQ(heap.AddMemory(bytes.start(), 64 * kKiB), AddStatus::kAdded);
  EXPECT_EQ(heap.AddMemory(bytes.At(128 * kKiB), 64 * kKiB), AddStatus::kAdded);
  EXPECT_TRUE(bytes.MarginsAreIntact());
}

// The defect: the second initialisation forgot the first.
TEST(HeapMemory, ASecondRegionDoesNotForgetTheFirst) {
  const GuardedBytes first(64 * kKiB);
  const GuardedBytes second(64 * kKiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(first.start(), first.size_bytes()), AddStatus::kAdded);
  const std::size_t one = heap.Statistics().total_bytes;
  void* block = heap.Allocate(1000);
  FillBlock(block, 1000, 1);
  ASSERT_EQ(heap.AddMemory(second.start(), second.size_bytes()), AddStatus::kAdded);
  EXPECT_GT(heap.Statistics().total_bytes, one + one / 2);
  EXPECT_TRUE(IsFilled(block, 1000, 1));
  heap.Free(block);
  std::vector<void*> runs;
  while (void* run = heap.Allocate(48 * kKiB)) runs.push_back(run);
  EXPECT_EQ(runs.size(), 2u) << "one from each region";
}

TEST(HeapMemory, WhatIsNoRegionIsRefused) {
  Heap heap;
  EXPECT_EQ(heap.AddMemory(nullptr, kMiB), AddStatus::kInvalid);
  EXPECT_EQ(heap.AddMemory(nullptr, 0), AddStatus::kInvalid);
  auto* high = reinterpret_cast<void*>(UINTPTR_MAX - 4 * kKiB);
  EXPECT_EQ(heap.AddMemory(high, 8 * kKiB), AddStatus::kInvalid);
  const GuardedBytes bytes(kMiB);
  EXPECT_EQ(heap.AddMemory(bytes.start(), SIZE_MAX), AddStatus::kInvalid);
  EXPECT_TRUE(bytes.IsUntouched());
  EXPECT_EQ(heap.Allocate(1), nullptr);
}

TEST(HeapMemory, MemoryOfTheSystemOrOfASharedRegionIsNotMixedWithMore) {
  const GuardedBytes bytes(kMiB);
  const GuardedBytes more(kMiB);
  SystemMemory system;
  Heap system_heap(system);
  EXPECT_EQ(system_heap.AddMemory(more.start(), more.size_bytes()), AddStatus::kInvalid);
  FixedRegion region(bytes.start(), bytes.size_bytes());
  Heap region_heap(region);
  EXPECT_EQ(region_heap.AddMemory(more.start(), more.size_bytes()), AddStatus::kInvalid);
  EXPECT_TRUE(more.IsUntouched());
}

TEST(HeapMemory, ARegionServesBlocksOrIsTooSmallAndNothingIsWrittenOutside) {
  std::size_t added = 0;
  std::size_t refused = 0;
  for (const std::size_t shift : {0u, 1u, 24u, 511u, 2049u}) {
    for (std::size_t size = 0; size <= 34 * kKiB; size += 331) {
      const GuardedBytes bytes(size, shift);
      Heap heap;
      const AddStatus status = heap.AddMemory(bytes.start(), size);
      if (status == AddStatus::kAdded) {
        ++added;
        // Everything that can be had is in the region.
        std::size_t blocks = 0;
        while (void* block = heap.Allocate(1)) {
          FillBlock(block, heap.UsableSize(block), blocks++);
        }
        while (void* run = heap.Allocate(2000)) FillBlock(run, heap.UsableSize(run), blocks++);
        EXPECT_GT(blocks, 0u) << size;
        EXPECT_TRUE(bytes.MarginsAreIntact()) << size << " " << shift;
      } else {
        ++refused;
        EXPECT_EQ(status, AddStatus::kTooSmall) << size;
        EXPECT_TRUE(bytes.IsUntouched()) << size;
        EXPECT_EQ(heap.Allocate(1), nullptr);
      }
    }
  }
  EXPECT_GT(added, refused) << "32 KiB is plenty, 8 KiB is about the least";
  EXPECT_GT(refused, 10u);
}

TEST(HeapMemory, IsAddedAtAnyTimeFromAnyThreadWhileOthersAllocate) {
  constexpr std::size_t kRegions = 24;
  std::vector<std::unique_ptr<GuardedBytes>> regions;
  for (std::size_t i = 0; i < kRegions; ++i) {
    regions.push_back(std::make_unique<GuardedBytes>(256 * kKiB));
  }
  Heap heap;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  // They begin before the heap has any memory.
  const auto allocate = [&](std::uint64_t tag) {
    std::vector<void*> mine;
    while (!stop.load()) {
      const std::size_t size = 16 + mine.size() * 37 % 3000;
      void* block = heap.Allocate(size);
      if (block == nullptr) {
        heap.Free(nullptr);
        std::this_thread::yield();
        continue;
      }
      FillBlock(block, 16, tag);
      mine.push_back(block);
      if (mine.size() % 3 == 0) {
        EXPECT_TRUE(IsFilled(mine.back(), 16, tag));
        heap.Free(mine.back());
        mine.pop_back();
      }
      if (mine.size() > 200) {
        for (void* old : mine) heap.Free(old);
        mine.clear();
      }
    }
    for (void* old : mine) EXPECT_TRUE(IsFilled(old, 16, tag));
  };
  const auto add = [&] {
    for (std::size_t i = next++; i < kRegions; i = next++) {
      EXPECT_EQ(heap.AddMemory(regions[i]->start(), regions[i]->size_bytes()), AddStatus::kAdded);
      std::this_thread::yield();
    }
  };
  std::vector<std::thread> allocating;
  for (std::uint64_t tag = 0; tag < 3; ++tag) allocating.emplace_back(allocate, tag);
  std::thread adder(add);
  add();
  adder.join();
  stop = true;
  for (std::thread& thread : allocating) thread.join();
  EXPECT_GT(heap.Statistics().total_bytes, kRegions * 256 * kKiB * 85 / 100);
  for (const auto& region : regions) EXPECT_TRUE(region->MarginsAreIntact());
}

TEST(HeapMemory, AGrowingSourceServesAnySizeAndGetsEachBlockBack) {
  TestingSource source;
  {
    Heap heap(source);
    std::vector<void*> blocks;
    for (std::size_t size = 1; size <= 40 * kMiB; size = size * 3 + 1) {
      for (int i = 0; i < 3; ++i) {
        blocks.push_back(heap.Allocate(size));
        ASSERT_NE(blocks.back(), nullptr) << size;
        FillBlock(blocks.back(), size, size);
        EXPECT_TRUE(IsFilled(blocks.back(), size, size));
      }
    }
    EXPECT_GT(source.blocks(), 1u);
    EXPECT_GE(source.bytes(), heap.Statistics().total_bytes);
    for (void* block : blocks) heap.Free(block);
  }
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(HeapMemory, AHeapWhoseSourceHadNothingAsksAgain) {
  TestingSource source;
  source.GiveOnly(0);
  Heap heap(source);
  EXPECT_EQ(heap.Allocate(100), nullptr);
  EXPECT_EQ(heap.Allocate(kMiB), nullptr);
  EXPECT_GE(source.refused(), 3u);
  source.GiveAll();
  void* block = heap.Allocate(100);
  ASSERT_NE(block, nullptr);
  heap.Free(block);

  const GuardedBytes bytes(64 * kKiB);
  FixedRegion region;
  Heap later(region);
  EXPECT_EQ(later.Allocate(100), nullptr);
  ASSERT_EQ(region.Add(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  EXPECT_NE(later.Allocate(100), nullptr);
}

TEST(HeapMemory, AFailingSourceIsSurvivedAndRecoveredFrom) {
  TestingSource source;
  Heap heap(source);
  source.GiveOnly(0);
  std::vector<void*> blocks;
  while (void* block = heap.Allocate(5000)) blocks.push_back(block);
  for (std::size_t i = 0; i < blocks.size(); ++i) FillBlock(blocks[i], 5000, i);
  const HeapStatistics full = heap.Statistics();
  EXPECT_EQ(heap.Allocate(2 * kMiB), nullptr);
  EXPECT_EQ(heap.Reallocate(blocks[0], 2 * kMiB), nullptr);
  EXPECT_EQ(heap.Statistics().used_bytes, full.used_bytes);
  EXPECT_EQ(heap.Statistics().total_bytes, full.total_bytes);
  source.GiveAll();
  void* large = heap.Allocate(2 * kMiB);
  ASSERT_NE(large, nullptr);
  FillBlock(large, 2 * kMiB, 77);
  for (std::size_t i = 0; i < blocks.size(); ++i) ASSERT_TRUE(IsFilled(blocks[i], 5000, i));
  for (void* block : blocks) heap.Free(block);
  EXPECT_TRUE(IsFilled(large, 2 * kMiB, 77));
  heap.Free(large);
  EXPECT_EQ(heap.Statistics().used_bytes, 0u);
}

// The newest region, which is looked at first, has a KiB left: enough for a slab, but not for the
// table that the heap needs in each region.
TEST(HeapMemory, ARegionWithoutRoomForATableMakesWayForTheNext) {
  const GuardedBytes bytes(128 * kKiB);
  FixedRegion region(bytes.start(), 64 * kKiB);
  const std::size_t first = region.total_bytes();
  ASSERT_EQ(region.Add(bytes.At(64 * kKiB), 64 * kKiB), AddStatus::kAdded);
  const std::size_t pages = (region.total_bytes() - first - kKiB) / region.page_bytes();
  ASSERT_NE(region.AllocatePages(pages), nullptr);
  const std::size_t used = region.used_bytes();
  Heap heap(region);
  void* block = heap.Allocate(16);
  ASSERT_NE(block, nullptr) << "a whole region is free";
  FillBlock(block, 16, 1);
  EXPECT_TRUE(IsFilled(block, 16, 1));
  EXPECT_LE(region.used_bytes(), used + 4 * kKiB) << "nothing was left behind";
}

// A source's blocks are divided into large units, small regions into small ones: not both in one.
TEST(HeapMemory, ARegionBesideASourceIsDividedLikeTheSourcesBlocks) {
  const GuardedBytes small(32 * kKiB);
  const GuardedBytes region(300 * kKiB);
  TestingSource source;
  source.GiveOnly(0);
  Heap heap(source);
  EXPECT_EQ(heap.AddMemory(small.start(), small.size_bytes()), AddStatus::kTooSmall);
  EXPECT_EQ(heap.AddMemory(region.start(), region.size_bytes()), AddStatus::kAdded);
  source.GiveAll();
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::size_t size = 16 + i * 53 % 2000;
    blocks.push_back(heap.Allocate(size));
    ASSERT_NE(blocks.back(), nullptr);
    FillBlock(blocks.back(), size, i);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_TRUE(IsFilled(blocks[i], 16 + i * 53 % 2000, i));
    heap.Free(blocks[i]);
  }
  EXPECT_TRUE(region.MarginsAreIntact());
}

}  // namespace
}  // namespace ashlar
