// Memory flows: what one class or run gave back serves any other, to the last byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <latch>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "ashlar/fixed_region.h"
#include "ashlar/heap.h"
#include "ashlar/internal/sizes/size_class.h"
#include "ashlar/internal/span/arena_list.h"
#include "gtest/gtest.h"
#include "lib/heap/testing/guarded_bytes.h"
#include "lib/heap/testing/seed.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::GuardedBytes;
using testing::Seed;
using testing::TestingSource;

constexpr std::size_t kKiB = 1 << 10;
constexpr std::size_t kMiB = 1 << 20;
constexpr int kTimes = 8;
constexpr std::size_t kThreads = 3;

// Sizes of blocks, the same whenever the seed is.
class Sizes {
 public:
  // Those of one class, or runs of one length.
  static Sizes Of(std::size_t size_bytes) { return Sizes(size_bytes, size_bytes, 0); }
  // From nothing to `most`, small ones as likely as large ones.
  static Sizes Mixed(std::size_t most, std::uint32_t seed) { return Sizes(0, most, seed); }

  std::size_t Next() {
    if (least_ == most_) return most_;
    std::size_t bound = 16;
    for (auto doublings = random_() % 24; doublings > 0; --doublings) bound *= 2;
    return random_() % (std::min(bound, most_) + 1);
  }

 private:
  Sizes(std::size_t least, std::size_t most, std::uint32_t seed)
      : least_(least), most_(most), random_(seed) {}

  std::size_t least_;
  std::size_t most_;
  std::minstd_rand random_;
};

std::vector<void*> FillUp(Heap& heap, Sizes sizes) {
  std::vector<void*> blocks;
  for (int failures = 0; failures < 3;) {
    const std::size_t size = sizes.Next();
    void* block = heap.Allocate(size);
    if (block == nullptr) {
      ++failures;
      continue;
    }
    std::memset(block, 0x5a, std::min<std::size_t>(size, 64));
    blocks.push_back(block);
  }
  return blocks;
}

// Round 0: last in, first out; 1: first in, first out; 2: at random.
void Order(std::vector<void*>& blocks, int round, std::uint32_t seed) {
  if (round % 3 == 0) std::reverse(blocks.begin(), blocks.end());
  if (round % 3 == 2) std::shuffle(blocks.begin(), blocks.end(), std::minstd_rand(seed));
}

void ExpectWholeAsOneBlock(Heap& heap, std::size_t whole) {
  const HeapStatistics statistics = heap.Statistics();
  ASSERT_EQ(statistics.used_bytes, 0u);
  ASSERT_EQ(statistics.available_bytes, whole);
  void* all = heap.Allocate(whole);
  ASSERT_NE(all, nullptr) << "all bytes are free, and are no block";
  ASSERT_EQ(heap.UsableSize(all), whole);
  std::memset(all, 0x11, whole);
  EXPECT_EQ(heap.Allocate(0), nullptr) << "that was all";
  heap.Free(all);
}

class HeapFlow : public ::testing::TestWithParam<std::size_t> {
 protected:
  HeapFlow() : bytes_(GetParam(), 16) {
    EXPECT_EQ(heap_.AddMemory(bytes_.start(), GetParam()), AddStatus::kAdded);
    whole_ = heap_.Statistics().available_bytes;
  }
  ~HeapFlow() override { EXPECT_TRUE(bytes_.MarginsAreIntact()); }

  // Each class, then runs. In a large region every eighth class, from 128 bytes: millions of blocks
  // would tell the same.
  [[nodiscard]] std::vector<std::size_t> EachSize() const {
    std::vector<std::size_t> sizes;
    const unsigned step = GetParam() > kMiB ? 8 : 1;
    for (unsigned c = step; c < internal::kClasses; c += step) {
      sizes.push_back(internal::SizeOfClass(c));
    }
    for (std::size_t size = 17 * kKiB; size <= whole_; size += size / 2) sizes.push_back(size);
    return Fitting(sizes);
  }
  // Those of `sizes` that fit, and of which not too many do.
  [[nodiscard]] std::vector<std::size_t> Fitting(std::vector<std::size_t> sizes) const {
    std::erase_if(sizes, [this](std::size_t size) { return size > whole_ || size < whole_ >> 17; });
    return sizes;
  }

  GuardedBytes bytes_;
  Heap heap_;
  std::size_t whole_ = 0;
};

TEST_P(HeapFlow, ARegionFilledWithAnyClassComesBackAsOneBlock) {
  const std::uint32_t seed = Seed();
  for (const std::size_t size : EachSize()) {
    SCOPED_TRACE(size);
    for (int round = 0; round < kTimes; ++round) {
      std::vector<void*> blocks = FillUp(heap_, Sizes::Of(size));
      EXPECT_GE(blocks.size() * heap_.UsableSize(blocks[0]), whole_ / 2) << "the region serves it";
      Order(blocks, round, seed);
      for (void* block : blocks) heap_.Free(block);
      ASSERT_NO_FATAL_FAILURE(ExpectWholeAsOneBlock(heap_, whole_));
    }
  }
}

TEST_P(HeapFlow, ARegionFilledWithAMixComesBackAsOneBlock) {
  const std::uint32_t seed = Seed();
  for (const std::size_t most : {std::size_t{1000}, 8 * kKiB, whole_ / 4}) {
    SCOPED_TRACE(most);
    for (int round = 0; round < kTimes; ++round) {
      const std::uint32_t variety = seed + static_cast<std::uint32_t>(round);
      std::vector<void*> blocks = FillUp(heap_, Sizes::Mixed(most, variety));
      Order(blocks, round, variety);
      // Half of it goes and comes again, so that classes and runs take turns in a full region.
      for (std::size_t i = 0; i < blocks.size() / 2; ++i) heap_.Free(blocks[i]);
      blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(blocks.size() / 2));
      const std::vector<void*> more = FillUp(heap_, Sizes::Mixed(most, variety + 100));
      blocks.insert(blocks.end(), more.begin(), more.end());
      Order(blocks, round, variety + 1);
      for (void* block : blocks) heap_.Free(block);
      ASSERT_NO_FATAL_FAILURE(ExpectWholeAsOneBlock(heap_, whole_));
    }
  }
}

// Blocks of one thread, freed by others.
TEST_P(HeapFlow, BlocksFreedByThreadsThatEndComeBackAsOneBlock) {
  const std::uint32_t seed = Seed();
  for (const std::size_t size : Fitting({64, 400, 1024, 2 * kKiB, 9 * kKiB, 20 * kKiB})) {
    SCOPED_TRACE(size);
    for (int round = 0; round < kTimes; ++round) {
      std::vector<void*> blocks =
          FillUp(heap_, round % 2 == 0 ? Sizes::Of(size) : Sizes::Mixed(size, seed));
      Order(blocks, round, seed);
      std::vector<std::thread> threads;
      for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          for (std::size_t i = t; i < blocks.size(); i += kThreads) heap_.Free(blocks[i]);
        });
      }
      for (std::thread& thread : threads) thread.join();
      ASSERT_NO_FATAL_FAILURE(ExpectWholeAsOneBlock(heap_, whole_));
    }
  }
}

// Blocks of several threads, each freed by another, while all of them live on.
TEST_P(HeapFlow, BlocksFreedByThreadsThatFlushComeBackAsOneBlock) {
  const std::uint32_t seed = Seed();
  for (int round = 0; round < kTimes; ++round) {
    std::vector<void*> blocks[kThreads];
    std::latch filled(kThreads);
    std::latch flushed(kThreads);
    std::latch seen(1);
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        blocks[t] = FillUp(heap_, Sizes::Mixed(std::min(whole_ / 16, 20 * kKiB), seed + t));
        filled.arrive_and_wait();
        std::vector<void*>& mine = blocks[(t + 1) % kThreads];
        Order(mine, round, seed + t);
        for (void* block : mine) heap_.Free(block);
        heap_.FlushThread();
        flushed.count_down();
        seen.wait();
      });
    }
    flushed.wait();
    ExpectWholeAsOneBlock(heap_, whole_);
    seen.count_down();
    for (std::thread& thread : threads) thread.join();
    ASSERT_FALSE(HasFatalFailure());
  }
}

TEST_P(HeapFlow, AClassServesAsManyBlocksAfterAnyOtherAsInAFreshHeap) {
  const std::vector<std::size_t> sizes = Fitting({16, 128, 512, 1024, 4 * kKiB, 10 * kKiB});
  const GuardedBytes bytes(GetParam());
  const auto fill_and_free = [](Heap& heap, std::size_t size) {
    const std::vector<void*> blocks = FillUp(heap, Sizes::Of(size));
    for (void* block : blocks) heap.Free(block);
    return blocks.size();
  };
  std::vector<std::size_t> counts;
  for (const std::size_t size : sizes) {
    Heap fresh;
    ASSERT_EQ(fresh.AddMemory(bytes.start(), GetParam()), AddStatus::kAdded);
    counts.push_back(fill_and_free(fresh, size));
  }
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.start(), GetParam()), AddStatus::kAdded);
  for (std::size_t before = 0; before < sizes.size(); ++before) {
    for (std::size_t after = 0; after < sizes.size(); ++after) {
      fill_and_free(heap, sizes[before]);
      EXPECT_EQ(fill_and_free(heap, sizes[after]), counts[after])
          << sizes[after] << " after " << sizes[before];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Regions, HeapFlow, ::testing::Values(32 * kKiB, kMiB, 16 * kMiB),
                         [](const auto& region) {
                           return "Of" + std::to_string(region.param / kKiB) + "KiB";
                         });

// The defect: memory never left its class, and a heap of 32 KiB could not serve 1 to 4 KiB.
TEST(HeapFlowInASmallRegion, MemoryLeavesItsClassAnd32KiBServe1To4KiB) {
  const GuardedBytes bytes(32 * kKiB);
  Heap heap;
  ASSERT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  for (std::size_t size = kKiB; size <= 4 * kKiB; size += 16) {
    const std::vector<void*> small = FillUp(heap, Sizes::Of(16));
    EXPECT_GE(small.size(), 1200u);
    for (void* block : small) heap.Free(block);
    const std::vector<void*> blocks = FillUp(heap, Sizes::Of(size));
    EXPECT_GE(blocks.size(), 5u) << size;
    for (void* block : blocks) heap.Free(block);
  }
}

// ---- Over several arenas

// The free bytes of each of the region's arenas, largest first.
std::vector<std::size_t> FreeOfEach(FixedRegion& region) {
  std::vector<std::size_t> free;
  const internal::LockGuard<Concurrent> guard(region.arenas().lock());
  for (auto* arena = region.arenas().first(); arena != nullptr; arena = arena->next) {
    const internal::PageRuns& runs = arena->runs(internal::Arena::Part::kBlocks);
    free.push_back(runs.total_bytes() - runs.used_bytes());
  }
  std::sort(free.rbegin(), free.rend());
  return free;
}

class HeapFlowOverTwoRegions : public ::testing::TestWithParam<std::size_t> {};

// Whatever filled both of them, each comes back as one block; wherever their first pages lie.
TEST_P(HeapFlowOverTwoRegions, EachComesBackAsOneBlock) {
  const std::uint32_t seed = Seed();
  const std::size_t shift = GetParam() % kKiB * 4;
  const GuardedBytes first(GetParam(), shift);
  const GuardedBytes second(GetParam() * 3 / 4, 1000);
  FixedRegion region(first.start(), first.size_bytes());
  ASSERT_EQ(region.Add(second.start(), second.size_bytes()), AddStatus::kAdded);
  Heap heap(region);
  const std::size_t most = GetParam() / 4;
  // A run comes first: a table that came later would lie behind it for ever.
  void* run = heap.Allocate(most);
  heap.Free(heap.Allocate(16));
  heap.Free(run);
  for (const std::size_t size : {std::size_t{64}, std::size_t{1000}, 9 * kKiB, most}) {
    SCOPED_TRACE(size);
    for (int round = 0; round < kTimes; ++round) {
      const bool is_mixed = round % 2 != 0;
      std::vector<void*> blocks =
          FillUp(heap, is_mixed ? Sizes::Mixed(size, seed) : Sizes::Of(size));
      if (!is_mixed) {
        EXPECT_GT(heap.Statistics().used_bytes, GetParam()) << "more than one of them has";
      }
      Order(blocks, round, seed);
      for (void* block : blocks) heap.Free(block);
      heap.Trim();
      std::vector<void*> wholes;
      for (const std::size_t free : FreeOfEach(region)) {
        wholes.push_back(heap.Allocate(free));
        ASSERT_NE(wholes.back(), nullptr) << free << " bytes of one region are free, and no block";
        std::memset(wholes.back(), 0x11, free);
      }
      EXPECT_EQ(heap.Allocate(0), nullptr) << "that was all";
      for (void* whole : wholes) heap.Free(whole);
    }
  }
  EXPECT_TRUE(first.MarginsAreIntact() && second.MarginsAreIntact());
}

INSTANTIATE_TEST_SUITE_P(Regions, HeapFlowOverTwoRegions,
                         ::testing::Values(64 * kKiB, 64 * kKiB + 512, 72 * kKiB, 300 * kKiB, kMiB,
                                           kMiB + 4 * kKiB, kMiB + 8 * kKiB, kMiB + 12 * kKiB),
                         [](const auto& region) { return "Of" + std::to_string(region.param); });

// What one class or run filled of a source's blocks serves any other to the same extent.
TEST(HeapFlowOverASource, AClassServesAsManyBlocksAfterAnyOther) {
  const std::vector<std::size_t> sizes = {16,       400,       1024,      4 * kKiB,
                                          10 * kKiB, 20 * kKiB, 200 * kKiB};
  TestingSource source;
  source.GiveOnly(3);
  Heap heap(source);
  const auto fill_and_free = [&heap](std::size_t size) {
    const std::vector<void*> blocks = FillUp(heap, Sizes::Of(size));
    for (void* block : blocks) heap.Free(block);
    heap.Trim();
    return blocks.size();
  };
  // The heap's tables come with the first slab in each block, and stay.
  fill_and_free(16);
  ASSERT_EQ(source.blocks(), 3u);
  std::vector<std::size_t> counts;
  for (const std::size_t size : sizes) {
    counts.push_back(fill_and_free(size));
    EXPECT_GT(counts.back() * size, source.bytes() * (size > 16 ? 7 : 4) / 10) << size;
  }
  for (std::size_t before = 0; before < sizes.size(); ++before) {
    for (std::size_t after = 0; after < sizes.size(); ++after) {
      fill_and_free(sizes[before]);
      EXPECT_EQ(fill_and_free(sizes[after]), counts[after])
          << sizes[after] << " after " << sizes[before];
    }
  }
  EXPECT_EQ(source.acquired(), 3u);
}

// A region that a heap shares comes back as a whole when the heap ends, whatever was in use.
TEST(HeapFlowInASharedRegion, TheHeapsMemoryIsTheNextOnesWhenItEnds) {
  const GuardedBytes bytes(kMiB);
  FixedRegion region(bytes.start(), bytes.size_bytes());
  const std::size_t total = region.total_bytes();
  for (int round = 0; round < kTimes; ++round) {
    Heap heap(region);
    Heap neighbour(region);
    const std::vector<void*> kept = FillUp(heap, Sizes::Mixed(100 * kKiB, Seed()));
    EXPECT_GT(region.used_bytes(), total * 9 / 10);
    for (std::size_t i = 0; i < kept.size(); i += 3) heap.Free(kept[i]);
    static_cast<void>(neighbour.Allocate(100));
    static_cast<void>(neighbour.Allocate(30 * kKiB));
  }
  EXPECT_EQ(region.used_bytes(), 0u);
  EXPECT_TRUE(region.IsIdle());
  EXPECT_TRUE(bytes.MarginsAreIntact());
}

}  // namespace
}  // namespace ashlar
