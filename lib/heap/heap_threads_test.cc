// Many threads at once: each block keeps its bytes, whoever allocates, resizes, hands over, frees.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
constexpr std::uint32_t kThreads = 4;

// In front of each block's pattern. Plain: what hands the block over orders it, and no more.
struct Label {
  std::size_t size_bytes;
  std::uint64_t tag;
};

// Blocks on their way from one thread to another.
class Exchange {
 public:
  // Leaves a block (or null) in one place and takes what lay there.
  void* Swap(std::size_t place, void* block) {
    return places_[place % places_.size()].exchange(block, std::memory_order_acq_rel);
  }
  static constexpr std::size_t kPlaces = 64;

 private:
  std::array<std::atomic<void*>, kPlaces> places_{};
};

class Worker {
 public:
  Worker(Heap& heap, Exchange& exchange, std::uint32_t seed, std::size_t largest)
      : heap_(heap), exchange_(exchange), random_(seed), largest_(largest) {}

  void Work(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    for (void* block : mine_) Free(block);
    mine_.clear();
  }

  // Ends a block after a look at every byte of it.
  void Free(void* block) {
    if (block == nullptr) return;
    const Label label = Verify(block);
    if (random_() % 2 == 0) {
      heap_.Free(block);
    } else {
      heap_.Free(block, label.size_bytes);
    }
  }

 private:
  void Step() {
    const unsigned verb = random_() % 16;
    if (verb < 6 || mine_.empty()) {
      Keep(Allocate());
    } else if (verb < 9) {
      Free(Leave());
    } else if (verb < 14) {
      Keep(exchange_.Swap(random_(), Leave()));
    } else if (verb == 14) {
      Resize();
    } else if (random_() % 64 == 0) {
      heap_.Trim();
    }
  }

  std::size_t Size() {
    const std::size_t most = random_() % 16 == 0 ? largest_ : random_() % 4 == 0 ? 4 * kKiB : 300;
    return sizeof(Label) + random_() % most;
  }

  void* Allocate() {
    const std::size_t size = Size();
    if (random_() % 8 != 0) return Labelled(heap_.Allocate(size), size);
    void* block = heap_.AllocateZeroed(size);
    if (block != nullptr) {
      EXPECT_TRUE(IsZero(block, size));
    }
    return Labelled(block, size);
  }

  void* Labelled(void* block, std::size_t size) {
    if (block == nullptr) return nullptr;
    const Label label{size, random_()};
    std::memcpy(block, &label, sizeof label);
    FillBlock(Pattern(block), size - sizeof label, label.tag);
    return block;
  }

  Label Verify(const void* block) {
    Label label;
    std::memcpy(&label, block, sizeof label);
    EXPECT_GE(heap_.UsableSize(block), label.size_bytes);
    EXPECT_TRUE(IsFilled(Pattern(block), label.size_bytes - sizeof label, label.tag));
    return label;
  }

  void Resize() {
    void* block = Leave();
    const Label label = Verify(block);
    const std::size_t size = Size();
    void* moved = heap_.Reallocate(block, size);
    if (moved == nullptr) {
      Keep(block);
      return;
    }
    EXPECT_TRUE(IsFilled(Pattern(moved), std::min(size, label.size_bytes) - sizeof label,
                         label.tag));
    Keep(Labelled(moved, size));
  }

  void Keep(void* block) {
    if (block != nullptr) mine_.push_back(block);
    if (mine_.size() > 300) Free(Leave());
  }
  void* Leave() {
    std::swap(mine_[random_() % mine_.size()], mine_.back());
    void* block = mine_.back();
    mine_.pop_back();
    return block;
  }

  static void* Pattern(void* block) { return static_cast<char*>(block) + sizeof(Label); }
  static const void* Pattern(const void* block) {
    return static_cast<const char*>(block) + sizeof(Label);
  }

  Heap& heap_;
  Exchange& exchange_;
  std::minstd_rand random_;
  std::size_t largest_;
  std::vector<void*> mine_;
};

// Threads that work, end, and are followed by others; in the end nothing is in use.
void ExpectSound(Heap& heap, std::size_t largest, int steps) {
  const std::uint32_t seed = Seed();
  Exchange exchange;
  for (std::uint32_t generation = 0; generation < 4; ++generation) {
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, number = seed + generation * kThreads + t] {
        Worker(heap, exchange, number, largest).Work(steps);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  Worker last(heap, exchange, seed, largest);
  for (std::size_t i = 0; i < Exchange::kPlaces; ++i) last.Free(exchange.Swap(i, nullptr));
  const HeapStatistics statistics = heap.Statistics();
  EXPECT_EQ(statistics.used_bytes, 0u);
  EXPECT_EQ(statistics.available_bytes, statistics.total_bytes);
}

TEST(HeapThreads, ShareAHeapOverTheSystem) {
  SystemMemory system;
  Heap heap(system);
  ExpectSound(heap, 100 * kKiB, 5000);
}

TEST(HeapThreads, ShareAHeapOverAGrowingSource) {
  TestingSource source;
  {
    Heap heap(source);
    ExpectSound(heap, 100 * kKiB, 5000);
  }
  EXPECT_EQ(source.blocks(), 0u);
}

// Smaller than what they ask for: exhaustion, recalls and retired slabs all the time.
TEST(HeapThreads, ShareARegionThatIsTooSmallForThem) {
  for (const std::size_t size : {40 * kKiB, 300 * kKiB, kMiB}) {
    const GuardedBytes bytes(size);
    Heap heap;
    ASSERT_EQ(heap.AddMemory(bytes.start(), size), AddStatus::kAdded);
    const std::size_t whole = heap.Statistics().available_bytes;
    ExpectSound(heap, size / 10, 1500);
    void* all = heap.Allocate(whole);
    EXPECT_NE(all, nullptr) << "all of it is one block again";
    EXPECT_TRUE(bytes.MarginsAreIntact());
  }
}

TEST(HeapThreads, ShareAHeapWithoutMagazines) {
  SystemMemory system;
  Heap heap(system, {.magazine_slots = 0, .keep_empty_slabs = 0});
  ExpectSound(heap, 50 * kKiB, 3000);
  EXPECT_EQ(heap.Statistics().slab_bytes, 0u);
}

TEST(HeapThreads, ShareAHeapWhoseSourceFailsNowAndThen) {
  TestingSource source;
  std::atomic<bool> stop{false};
  {
    Heap heap(source);
    std::thread moody([&] {
      while (!stop.load()) {
        source.GiveOnly(0);
        std::this_thread::yield();
        source.GiveOnly(1);
        std::this_thread::yield();
      }
    });
    ExpectSound(heap, 200 * kKiB, 2000);
    stop = true;
    moody.join();
  }
  EXPECT_EQ(source.blocks(), 0u);
}

}  // namespace
}  // namespace ashlar
