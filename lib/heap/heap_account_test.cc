// What a heap says of itself: total, used and available bytes, and the sizes of its blocks.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <thread>
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

// A heap, and what it must say of itself by what was asked of it. Every byte of each block is
// written: who is told a wrong size writes over a neighbour.
class History {
 public:
  History(Heap& heap, std::uint32_t seed, std::size_t largest)
      : heap_(heap), random_(seed), largest_(largest) {}
  ~History() { Clear(); }
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void Step() {
    const unsigned verb = Below(16);
    if (blocks_.size() > 400 || (verb >= 9 && verb < 14)) {
      if (!blocks_.empty()) Free();
    } else if (verb < 5) {
      Enter(heap_.Allocate(Size()));
    } else if (verb < 7) {
      const std::size_t alignment = std::size_t{1} << Below(14);
      Enter(heap_.Allocate(Size(), alignment), alignment);
    } else if (verb == 7) {
      const std::size_t size = Size();
      void* block = heap_.AllocateZeroed(size);
      if (block != nullptr) {
        EXPECT_TRUE(IsZero(block, size));
      }
      Enter(block);
    } else if (verb == 8) {
      if (!blocks_.empty()) Reallocate();
    } else if (verb == 14) {
      heap_.FlushThread();
    } else if (Below(20) == 0) {
      heap_.Trim();
    }
  }

  void Clear() {
    while (!blocks_.empty()) Free();
  }

  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_; }

  void ExpectAccounts() {
    const HeapStatistics statistics = heap_.Statistics();
    EXPECT_EQ(statistics.used_bytes, used_bytes_);
    EXPECT_EQ(statistics.used_bytes + statistics.available_bytes, statistics.total_bytes);
    EXPECT_LE(statistics.cached_bytes, statistics.available_bytes);
    EXPECT_LE(statistics.slab_bytes + statistics.block_bytes, statistics.total_bytes);
    EXPECT_LE(statistics.footprint_bytes, statistics.slab_bytes + statistics.block_bytes);
    EXPECT_GE(statistics.footprint_bytes, statistics.used_bytes);
  }

 private:
  struct Block {
    void* start;
    std::size_t usable_bytes;
    std::size_t alignment;  // that was asked for; a block that was reallocated has none
    std::uint64_t tag;
  };

  unsigned Below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::size_t Size() {
    const std::size_t most = Below(8) == 0 ? largest_ : Below(2) == 0 ? 4096 : 256;
    return random_() % (most + 1);
  }

  void Enter(void* start, std::size_t alignment = 1) {
    if (start == nullptr) return;
    const Block block{start, heap_.UsableSize(start), alignment, ++tag_};
    FillBlock(start, block.usable_bytes, block.tag);
    blocks_.push_back(block);
    used_bytes_ += block.usable_bytes;
  }

  // Any block, off the list, with every byte looked at.
  Block Leave() {
    std::swap(blocks_[Below(static_cast<unsigned>(blocks_.size()))], blocks_.back());
    const Block block = blocks_.back();
    blocks_.pop_back();
    used_bytes_ -= block.usable_bytes;
    EXPECT_TRUE(IsFilled(block.start, block.usable_bytes, block.tag));
    EXPECT_EQ(heap_.UsableSize(block.start), block.usable_bytes);
    return block;
  }

  void Free() {
    const Block block = Leave();
    if (Below(2) == 0) {
      heap_.Free(block.start);
    } else {
      heap_.Free(block.start, block.usable_bytes, block.alignment);
    }
  }

  void Reallocate() {
    const Block old = Leave();
    const std::size_t size = Size();
    void* moved = heap_.Reallocate(old.start, size);
    if (moved == nullptr) {
      Enter(old.start, old.alignment);
      return;
    }
    EXPECT_TRUE(IsFilled(moved, std::min(size, old.usable_bytes), old.tag));
    Enter(moved);
  }

  Heap& heap_;
  std::mt19937 random_;
  std::size_t largest_;
  std::vector<Block> blocks_;
  std::size_t used_bytes_ = 0;
  std::uint64_t tag_ = 0;
};

void ExpectAccountsHold(Heap& heap, std::uint32_t seed, std::size_t largest, int steps,
                        bool total_is_fixed) {
  const std::size_t total = heap.Statistics().total_bytes;
  History history(heap, seed, largest);
  for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
    history.Step();
    if (i % 8 == 0) history.ExpectAccounts();
    if (total_is_fixed) {
      ASSERT_EQ(heap.Statistics().total_bytes, total);
    }
  }
  history.Clear();
  history.ExpectAccounts();
  EXPECT_EQ(heap.Statistics().used_bytes, 0u);
}

// The defect: bytes were counted twice.
TEST(HeapAccount, TotalIsUsedPlusAvailableInARegion) {
  const std::uint32_t seed = Seed();
  for (const std::size_t size : {24 * kKiB, 64 * kKiB, 700 * kKiB, 3 * kMiB}) {
    SCOPED_TRACE(size);
    const GuardedBytes bytes(size, 40);
    Heap heap;
    ASSERT_EQ(heap.AddMemory(bytes.start(), size), AddStatus::kAdded);
    const HeapStatistics fresh = heap.Statistics();
    EXPECT_EQ(fresh.used_bytes, 0u);
    EXPECT_LE(fresh.total_bytes, size);
    EXPECT_GE(fresh.total_bytes, size * 3 / 4);
    ExpectAccountsHold(heap, seed, size / 6, 4000, true);
    EXPECT_TRUE(bytes.MarginsAreIntact());
  }
}

TEST(HeapAccount, TotalIsUsedPlusAvailableInSeveralRegions) {
  const GuardedBytes bytes(600 * kKiB);
  Heap heap;
  std::size_t total = 0;
  for (std::size_t offset = 0; offset < bytes.size_bytes(); offset += 100 * kKiB) {
    ASSERT_EQ(heap.AddMemory(bytes.At(offset), 100 * kKiB), AddStatus::kAdded);
    EXPECT_GT(heap.Statistics().total_bytes, total + 75 * kKiB);
    EXPECT_LE(heap.Statistics().total_bytes, total + 100 * kKiB);
    total = heap.Statistics().total_bytes;
  }
  ExpectAccountsHold(heap, Seed(), 40 * kKiB, 4000, true);
}

TEST(HeapAccount, TotalIsUsedPlusAvailableOverTheSystem) {
  SystemMemory system;
  Heap heap(system);
  Heap other(system);
  void* not_ours = other.Allocate(5 * kMiB);
  ExpectAccountsHold(heap, Seed(), 700 * kKiB, 3000, false);
  EXPECT_GE(other.Statistics().used_bytes, 5 * kMiB);
  EXPECT_EQ(other.Statistics().used_bytes, other.UsableSize(not_ours));
}

TEST(HeapAccount, TotalIsUsedPlusAvailableOverAGrowingSource) {
  TestingSource source;
  Heap heap(source);
  ExpectAccountsHold(heap, Seed(), 300 * kKiB, 3000, false);
  EXPECT_LE(heap.Statistics().total_bytes, source.bytes());
}

TEST(HeapAccount, TotalIsUsedPlusAvailableWithoutMagazines) {
  const GuardedBytes bytes(kMiB);
  HeapOptions options;
  options.magazine_slots = 0;
  options.keep_empty_slabs = 0;
  Heap heap(options);
  ASSERT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  ExpectAccountsHold(heap, Seed(), 100 * kKiB, 4000, true);
  EXPECT_EQ(heap.Statistics().slab_bytes, 0u) << "nothing is kept";
}

TEST(HeapAccount, AddsUpAfterManyThreadsAreQuiet) {
  const std::uint32_t seed = Seed();
  SystemMemory system;
  const GuardedBytes bytes(4 * kMiB);
  Heap system_heap(system);
  Heap region_heap;
  ASSERT_EQ(region_heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  for (Heap* heap : {&system_heap, &region_heap}) {
    std::deque<History> histories;
    for (std::uint32_t t = 0; t < 4; ++t) histories.emplace_back(*heap, seed + t, 50 * kKiB);
    for (int round = 0; round < 3; ++round) {
      std::vector<std::thread> threads;
      for (History& history : histories) {
        threads.emplace_back([&history] {
          for (int i = 0; i < 1500; ++i) history.Step();
        });
      }
      for (std::thread& thread : threads) thread.join();
      std::size_t used = 0;
      for (const History& history : histories) used += history.used_bytes();
      const HeapStatistics statistics = heap->Statistics();
      EXPECT_EQ(statistics.used_bytes, used);
      EXPECT_EQ(statistics.total_bytes, statistics.used_bytes + statistics.available_bytes);
    }
    histories.clear();
    EXPECT_EQ(heap->Statistics().used_bytes, 0u);
  }
}

// The defect: the usable size was wrong above 4096.
TEST(HeapAccount, UsableSizeIsExactAndEveryByteOfItIsTheBlocks) {
  SystemMemory system;
  Heap heap(system);
  const GuardedBytes bytes(8 * kMiB);
  Heap region_heap;
  ASSERT_EQ(region_heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  for (Heap* one : {&heap, &region_heap}) {
    std::vector<void*> blocks;
    const std::size_t before = one->Statistics().used_bytes;
    std::size_t sum = 0;
    for (std::size_t size = 1; size < 80'000; size += 1 + size / 60) {
      void* block = one->Allocate(size);
      ASSERT_NE(block, nullptr);
      EXPECT_GE(one->UsableSize(block), size);
      sum += one->UsableSize(block);
      EXPECT_EQ(one->Statistics().used_bytes, before + sum);
      FillBlock(block, one->UsableSize(block), blocks.size());
      blocks.push_back(block);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      EXPECT_TRUE(IsFilled(blocks[i], one->UsableSize(blocks[i]), i));
      one->Free(blocks[i]);
    }
  }
}

TEST(HeapAccount, RoundingAddsAtMostAnEighthAbove112Bytes) {
  SystemMemory system;
  Heap heap(system);
  for (std::size_t size = 0; size <= 16 * kKiB; ++size) {
    void* block = heap.Allocate(size);
    const std::size_t usable = heap.UsableSize(block);
    heap.Free(block);
    if (size > 112) {
      ASSERT_LE((usable - size) * 8, usable) << size << " bytes became " << usable;
    } else {
      ASSERT_LE(usable - size, size == 0 ? 16u : 15u) << size << " bytes became " << usable;
    }
  }
  // Runs: less than a page.
  for (std::size_t size = 16 * kKiB + 1; size < 300'000; size += 777) {
    void* block = heap.Allocate(size);
    ASSERT_LT(heap.UsableSize(block) - size, 4 * kKiB) << size;
    heap.Free(block);
  }
}

}  // namespace
}  // namespace ashlar
