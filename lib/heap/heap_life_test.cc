// The end of heaps, and of threads that used them.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "ashlar/fixed_region.h"
#include "ashlar/heap.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"
#include "lib/heap/testing/block_pattern.h"
#include "lib/heap/testing/exercise.h"
#include "lib/heap/testing/guarded_bytes.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::Exercise;
using testing::FillBlock;
using testing::GuardedBytes;
using testing::IsFilled;
using testing::TestingSource;

constexpr std::size_t kKiB = 1 << 10;

// Threads that do what they are told, one thing after the other, and live on in between.
class Crew {
 public:
  explicit Crew(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      threads_.emplace_back([this, i] { Serve(i); });
    }
  }
  ~Crew() {
    stop_ = true;
    Tell(nullptr);
    for (std::thread& thread : threads_) thread.join();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Each thread calls task(its number); returns when all have.
  void Do(const std::function<void(std::size_t)>& task) {
    Tell(&task);
    while (done_.load() < threads_.size()) std::this_thread::yield();
  }

 private:
  void Tell(const std::function<void(std::size_t)>* task) {
    done_ = 0;
    task_ = task;
    ++turn_;
    turn_.notify_all();
  }
  void Serve(std::size_t number) {
    for (unsigned turn = 1;; ++turn) {
      for (unsigned seen = turn_.load(); seen < turn; seen = turn_.load()) turn_.wait(seen);
      if (stop_) return;
      (*task_)(number);
      ++done_;
    }
  }

  std::atomic<unsigned> turn_{0};
  std::atomic<std::size_t> done_{0};
  std::atomic<bool> stop_{false};
  const std::function<void(std::size_t)>* task_ = nullptr;
  std::vector<std::thread> threads_;
};

TEST(HeapLife, EndsWhileIdleThreadsHoldItsMagazinesAndTheyGoOnWithOthers) {
  TestingSource source;  // whose pages are gone once they are released
  SystemMemory system;
  Heap after(system);
  {
    Crew crew(3);
    for (int round = 0; round < 20; ++round) {
      auto heap = std::make_unique<Heap>(source);
      crew.Do([&](std::size_t number) { Exercise(*heap, number); });
      heap.reset();
      EXPECT_EQ(source.blocks(), 0u);
      if (round % 2 == 0) crew.Do([&](std::size_t number) { Exercise(after, number); });
    }
    // They end with magazines of a heap that is over.
    auto last = std::make_unique<Heap>(source);
    crew.Do([&](std::size_t number) { Exercise(*last, number); });
    last.reset();
  }
  EXPECT_EQ(after.Statistics().used_bytes, 0u);
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(HeapLife, MemoryOfAnEndedHeapIsTheNextOnesWhateverIdleThreadsHold) {
  const GuardedBytes bytes(256 * kKiB);
  FixedRegion region(bytes.start(), bytes.size_bytes());
  Crew crew(3);
  for (int round = 0; round < 20; ++round) {
    auto heap = std::make_unique<Heap>(region);
    std::vector<void*> kept;
    crew.Do([&](std::size_t number) { Exercise(*heap, number); });
    for (std::size_t size = 0; size < 3000; size += 100) kept.push_back(heap->Allocate(size));
    heap.reset();
    ASSERT_EQ(region.used_bytes(), 0u);

    Heap next(region);
    void* all = next.Allocate(region.total_bytes() * 9 / 10);
    ASSERT_NE(all, nullptr);
    FillBlock(all, next.UsableSize(all), 5);
    Heap elsewhere;
    crew.Do([&](std::size_t) { static_cast<void>(elsewhere.Allocate(1)); });
    EXPECT_TRUE(IsFilled(all, next.UsableSize(all), 5)) << "dropped unread";
  }
}

TEST(HeapLife, ManyHeapsAreMadeAndEndedByManyThreads) {
  const auto live_and_die = [](std::uint64_t tag) {
    TestingSource source;
    SystemMemory system;
    GuardedBytes bytes(64 * kKiB);
    for (int i = 0; i < 60; ++i) {
      std::optional<Heap> heap;
      if (i % 3 == 0) heap.emplace(system);
      if (i % 3 == 1) heap.emplace(source);
      if (i % 3 == 2) {
        heap.emplace();
        EXPECT_EQ(heap->AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
      }
      Exercise(*heap, tag);
      void* live = heap->Allocate(1000);
      void* large = heap->Allocate(20 * kKiB);
      EXPECT_TRUE(live != nullptr && large != nullptr);
      std::thread([&] { Exercise(*heap, tag + 100); }).join();
    }
    EXPECT_EQ(source.blocks(), 0u);
    EXPECT_TRUE(bytes.MarginsAreIntact());
  };
  std::vector<std::thread> threads;
  for (std::uint64_t tag = 0; tag < 4; ++tag) threads.emplace_back(live_and_die, tag);
  for (std::thread& thread : threads) thread.join();
}

TEST(HeapLife, IsMadeWhileOthersLookAtAllThereAre) {
  const GuardedBytes bytes(64 * kKiB);
  FixedRegion region(bytes.start(), bytes.size_bytes());
  std::atomic<bool> stop{false};
  std::thread looker([&] {
    while (!stop.load()) EXPECT_TRUE(region.IsIdle());
  });
  SystemMemory system;
  for (int i = 0; i < 2000; ++i) {
    Heap heap(system);
    static_cast<void>(heap.Allocate(10));
  }
  stop = true;
  looker.join();
}

// Numbers of heaps come again when very many were made; runs are known by the number of their heap.
TEST(HeapLife, AnEndingHeapLeavesTheRunsOfTheNextOneWithItsNumber) {
  SystemMemory system;
  for (int i = 0; i < 16'400; ++i) Heap heap(system, {.magazine_slots = 0});
  const auto live_and_die = [&](std::uint64_t tag) {
    for (int i = 0; i < 1500; ++i) {
      Heap heap(system, {.magazine_slots = 0});
      void* run = heap.Allocate(20 * kKiB);
      ASSERT_NE(run, nullptr);
      FillBlock(run, 64, tag);
      std::this_thread::yield();
      ASSERT_GE(heap.UsableSize(run), 20 * kKiB) << "or it ends here: no block of this heap";
      EXPECT_TRUE(IsFilled(run, 64, tag));
    }
  };
  std::thread other([&] { live_and_die(1); });
  live_and_die(2);
  other.join();
}

}  // namespace
}  // namespace ashlar
