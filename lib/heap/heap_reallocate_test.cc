// Blocks that change their size, blocks that are zero, and memory that goes back.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <vector>

#include "ashlar/heap.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"
#include "lib/heap/testing/block_pattern.h"
#include "lib/heap/testing/guarded_bytes.h"
#include "lib/heap/testing/seed.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::FillBlock;
using testing::GuardedBytes;
using testing::IsFilled;
using testing::IsZero;
using testing::Seed;
using testing::TestingSource;

constexpr std::size_t kKiB = 1 << 10;
constexpr std::size_t kMiB = 1 << 20;

// The same over each kind of memory.
template <typename Check>
void OverEachGround(Check check) {
  {
    SCOPED_TRACE("system");
    SystemMemory system;
    Heap heap(system);
    check(heap);
  }
  {
    SCOPED_TRACE("source");
    TestingSource source;
    Heap heap(source);
    check(heap);
  }
  for (const std::size_t size : {200 * kKiB, 8 * kMiB}) {
    SCOPED_TRACE(size);
    const GuardedBytes bytes(size);
    Heap heap;
    ASSERT_EQ(heap.AddMemory(bytes.start(), size), AddStatus::kAdded);
    check(heap);
    EXPECT_TRUE(bytes.MarginsAreIntact());
  }
}

TEST(HeapReallocate, KeepsTheBytesThatBothSizesHave) {
  const std::uint32_t seed = Seed();
  OverEachGround([seed](Heap& heap) {
    std::minstd_rand random(seed);
    const auto any_size = [&random] { return random() % (random() % 3 == 0 ? 60'000u : 2'000u); };
    for (int history = 0; history < 60; ++history) {
      std::size_t size = any_size();
      void* block = heap.Allocate(size);
      ASSERT_NE(block, nullptr);
      for (std::uint64_t step = 0; step < 12; ++step) {
        FillBlock(block, size, step);
        const std::size_t next = any_size();
        block = heap.Reallocate(block, next);
        ASSERT_NE(block, nullptr);
        ASSERT_TRUE(IsFilled(block, std::min(size, next), step)) << size << " to " << next;
        ASSERT_GE(heap.UsableSize(block), next);
        size = next;
      }
      heap.Free(block);
    }
    EXPECT_EQ(heap.Statistics().used_bytes, 0u);
  });
}

TEST(HeapReallocate, ABlockIsFreedByTheSizeAskedForLastWhereverItStayed) {
  OverEachGround([](Heap& heap) {
    for (std::size_t size = 32; size < 60'000; size += 1 + size / 5) {
      for (std::size_t part = 1; part <= 8; ++part) {
        void* block = heap.Reallocate(heap.Allocate(size), size * part / 8);
        ASSERT_NE(block, nullptr);
        heap.Free(block, size * part / 8);
        heap.FlushThread();  // where a slot of another class would be seen
      }
    }
    EXPECT_EQ(heap.Statistics().used_bytes, 0u);
  });
}

TEST(HeapReallocate, ARunGrowsAndShrinksWhereItStands) {
  OverEachGround([](Heap& heap) {
    void* run = heap.Allocate(20 * kKiB);
    FillBlock(run, 20 * kKiB, 1);
    ASSERT_EQ(heap.Reallocate(run, 100 * kKiB), run);
    EXPECT_TRUE(IsFilled(run, 20 * kKiB, 1));
    EXPECT_EQ(heap.UsableSize(run), 100 * kKiB);
    EXPECT_EQ(heap.Statistics().used_bytes, 100 * kKiB);
    FillBlock(run, 100 * kKiB, 2);
    ASSERT_EQ(heap.Reallocate(run, 90 * kKiB), run) << "less than a quarter is not worth it";
    ASSERT_EQ(heap.Reallocate(run, 40 * kKiB), run);
    EXPECT_EQ(heap.UsableSize(run), 40 * kKiB);
    EXPECT_EQ(heap.Statistics().used_bytes, 40 * kKiB);
    EXPECT_TRUE(IsFilled(run, 40 * kKiB, 2));
    // What came back is another's.
    void* other = heap.Allocate(50 * kKiB);
    ASSERT_NE(other, nullptr);
    FillBlock(other, heap.UsableSize(other), 3);
    EXPECT_TRUE(IsFilled(run, 40 * kKiB, 2));
    heap.Free(run);
    EXPECT_TRUE(IsFilled(other, heap.UsableSize(other), 3));
    heap.Free(other);
  });
}

TEST(HeapReallocate, ARunThatCannotGrowWhereItStandsMoves) {
  OverEachGround([](Heap& heap) {
    void* run = heap.Allocate(20 * kKiB);
    void* behind = heap.Allocate(20 * kKiB);
    FillBlock(run, 20 * kKiB, 1);
    FillBlock(behind, 20 * kKiB, 2);
    void* moved = heap.Reallocate(run, 60 * kKiB);
    ASSERT_NE(moved, nullptr);
    EXPECT_TRUE(IsFilled(moved, 20 * kKiB, 1));
    FillBlock(moved, 60 * kKiB, 3);
    EXPECT_TRUE(IsFilled(behind, 20 * kKiB, 2));
    heap.Free(behind);
    heap.Free(moved);
    EXPECT_EQ(heap.Statistics().used_bytes, 0u);
  });
}

long Faults() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// A run that lies in one mapping of the system: where runs moved before, mappings are cut, and what
// lies in several of them is copied.
TEST(HeapReallocate, ALargeRunOverTheSystemMovesItsPagesAndCopiesNothing) {
  SystemMemory system;
  Heap heap(system);
  struct Run {
    std::size_t size_bytes;
    void* start;
    void* behind;
  };
  std::vector<Run> runs;
  for (const std::size_t size : {512 * kKiB, 2 * kMiB - 1, 4 * kMiB + 123}) {
    runs.push_back({size, heap.Allocate(size), heap.Allocate(20 * kKiB)});
    FillBlock(runs.back().start, size, size);
    FillBlock(runs.back().behind, 20 * kKiB, 2);
  }
  for (const Run& run : runs) {
    SCOPED_TRACE(run.size_bytes);
    const long before = Faults();
    void* moved = heap.Reallocate(run.start, 2 * run.size_bytes);
    const long faults = Faults() - before;
    ASSERT_NE(moved, nullptr);
    ASSERT_NE(moved, run.start);
    EXPECT_LT(faults, static_cast<long>(run.size_bytes / (4 * kKiB) / 2))
        << "a copy touches every page";
    EXPECT_TRUE(IsFilled(moved, run.size_bytes, run.size_bytes));
    FillBlock(moved, heap.UsableSize(moved), 3);
    EXPECT_TRUE(IsFilled(run.behind, 20 * kKiB, 2));
    // Where it came from is memory like any other.
    void* again = heap.AllocateZeroed(run.size_bytes);
    EXPECT_TRUE(IsZero(again, run.size_bytes));
    FillBlock(again, run.size_bytes, 4);
    EXPECT_TRUE(IsFilled(moved, heap.UsableSize(moved), 3));
  }
}

TEST(HeapReallocate, LargeRunsKeepTheirBytesHoweverOftenTheyMove) {
  const std::uint32_t seed = Seed();
  SystemMemory system;
  Heap heap(system);
  std::minstd_rand random(seed);
  struct Run {
    void* start;
    std::size_t size_bytes;
  };
  std::vector<Run> runs(6, Run{nullptr, 0});
  for (std::uint64_t step = 0; step < 120; ++step) {
    const std::size_t number = random() % runs.size();
    Run& run = runs[number];
    const std::size_t next = random() % (4 * kMiB);
    void* start = heap.Reallocate(run.start, next);
    ASSERT_NE(start, nullptr);
    ASSERT_TRUE(IsFilled(start, std::min(run.size_bytes, next), number)) << "step " << step;
    FillBlock(start, next, number);
    run = {start, next};
  }
}

TEST(HeapReallocate, NullLeavesTheOldBlockUntouched) {
  const GuardedBytes bytes(256 * kKiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  void* slot = heap.Allocate(500);
  void* run = heap.Allocate(30 * kKiB);
  FillBlock(slot, heap.UsableSize(slot), 1);
  FillBlock(run, heap.UsableSize(run), 2);
  std::vector<void*> rest;
  for (const std::size_t size : {4 * kKiB, kKiB, std::size_t{16}}) {
    while (void* block = heap.Allocate(size)) rest.push_back(block);
  }
  const HeapStatistics before = heap.Statistics();
  for (const std::size_t size : {40 * kKiB, 200 * kKiB, kMiB, SIZE_MAX}) {
    EXPECT_EQ(heap.Reallocate(slot, size), nullptr);
    EXPECT_EQ(heap.Reallocate(run, size), nullptr);
  }
  EXPECT_EQ(heap.Statistics().used_bytes, before.used_bytes);
  EXPECT_EQ(heap.UsableSize(run), 30 * kKiB);
  EXPECT_TRUE(IsFilled(slot, heap.UsableSize(slot), 1));
  EXPECT_TRUE(IsFilled(run, heap.UsableSize(run), 2));
}

TEST(HeapReallocate, ABlockThatIsToShrinkAndHasNowhereToGoStaysAsItWas) {
  const GuardedBytes bytes(64 * kKiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  void* run = heap.Allocate(2000);
  const std::size_t usable = heap.UsableSize(run);
  FillBlock(run, usable, 1);
  while (heap.Allocate(500) != nullptr) {
  }
  while (heap.Allocate(16) != nullptr) {
  }
  EXPECT_EQ(heap.Reallocate(run, 64), nullptr);
  EXPECT_EQ(heap.UsableSize(run), usable);
  EXPECT_TRUE(IsFilled(run, usable, 1));
  heap.Free(run, usable);
}

TEST(HeapZeroed, EveryByteIsZeroWhateverTheMemoryWasBefore) {
  OverEachGround([](Heap& heap) {
    std::vector<std::size_t> sizes;
    for (std::size_t size = 1; size < 60'000; size = size * 4 / 3 + 1) sizes.push_back(size);
    for (int round = 0; round < 4; ++round) {
      for (const std::size_t size : sizes) {
        void* dirty[3];
        for (void*& block : dirty) {
          block = heap.Allocate(size);
          if (block != nullptr) std::memset(block, 0xff, heap.UsableSize(block));
        }
        for (void* block : dirty) heap.Free(block);
        if (round == 2) heap.Trim();
        void* zeroed = heap.AllocateZeroed(size);
        ASSERT_NE(zeroed, nullptr);
        ASSERT_TRUE(IsZero(zeroed, size)) << size;
        std::memset(zeroed, 0xff, heap.UsableSize(zeroed));
        heap.Free(zeroed);
      }
    }
  });
}

// Bytes of the process in memory.
std::size_t ResidentBytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(getpagesize());
}

TEST(HeapTrim, GivesMemoryBackToTheSystem) {
  constexpr std::size_t kBytes = 24 * kMiB;  // of each kind
  SystemMemory system;
  Heap heap(system);
  std::vector<void*> blocks;
  for (const std::size_t size : {std::size_t{200}, 4 * kKiB, 300 * kKiB}) {
    for (std::size_t bytes = 0; bytes < kBytes; bytes += size) {
      blocks.push_back(heap.Allocate(size));
      ASSERT_NE(blocks.back(), nullptr);
      std::memset(blocks.back(), 1, size);
    }
  }
  const std::size_t full = ResidentBytes();
  for (void* block : blocks) heap.Free(block);
  // What is purged before the call, by upkeep or a bound, is not in its answer.
  EXPECT_GT(heap.Trim(), 0u);
  const std::size_t trimmed = ResidentBytes();
  EXPECT_LT(trimmed + 2 * kBytes, full) << "at least two thirds are gone";
  EXPECT_EQ(heap.Statistics().slab_bytes, 0u);
  EXPECT_EQ(heap.Statistics().footprint_bytes, 0u);
  EXPECT_EQ(heap.Trim(), 0u) << "nothing is left to give";
}

TEST(HeapTrim, TellsWhatBecamePagesInARegion) {
  const GuardedBytes bytes(kMiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  heap.Free(heap.Allocate(100));
  const std::size_t slabs = heap.Statistics().slab_bytes;
  EXPECT_GT(slabs, 0u);
  EXPECT_EQ(heap.Trim(), slabs);
  EXPECT_EQ(heap.Statistics().slab_bytes, 0u);
}

}  // namespace
}  // namespace ashlar
