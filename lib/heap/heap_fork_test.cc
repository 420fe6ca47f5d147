// A heap in the copy of a process: usable at once, whatever other threads were in the middle of.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
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

namespace ashlar {
namespace {

using testing::Exercise;
using testing::FillBlock;
using testing::GuardedBytes;
using testing::IsFilled;

constexpr std::size_t kKiB = 1 << 10;
constexpr std::size_t kMiB = 1 << 20;

// The child of a fork has 10 seconds for `task`, and ends; true if it did so in peace.
template <typename Task>
bool ChildCan(Task task) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    task();
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(HeapFork, TheChildAllocatesAndFreesAtOnceWhateverOthersWereDoing) {
  SystemMemory system;
  const GuardedBytes bytes(4 * kMiB);
  const GuardedBytes more(4 * kMiB);
  Heap system_heap(system);
  Heap region_heap;
  ASSERT_EQ(region_heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
  void* ours[] = {system_heap.Allocate(100), region_heap.Allocate(100),
                  system_heap.Allocate(kMiB), region_heap.Allocate(100 * kKiB)};
  for (void* block : ours) FillBlock(block, 100, 9);

  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (std::uint64_t tag = 0; tag < 3; ++tag) {
    threads.emplace_back([&, tag] {
      while (!stop.load()) {
        Exercise(system_heap, tag);
        Exercise(region_heap, tag);
        region_heap.FlushThread();
        system_heap.Trim();
        Heap short_lived(system);
        Exercise(short_lived, tag);
      }
    });
  }
  for (int i = 0; i < 25; ++i) {
    EXPECT_TRUE(ChildCan([&] {
      for (void* block : ours) EXPECT_TRUE(IsFilled(block, 100, 9));
      Exercise(system_heap, 7);
      Exercise(region_heap, 8);
      system_heap.Free(ours[0]);
      region_heap.Free(ours[1]);
      system_heap.Free(ours[2]);
      region_heap.Free(ours[3]);
      Heap fresh(system);
      Exercise(fresh, 9);
      EXPECT_EQ(region_heap.AddMemory(more.start(), more.size_bytes()), AddStatus::kAdded);
      system_heap.Trim();
      region_heap.Trim();
    }));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (void* block : ours) EXPECT_TRUE(IsFilled(block, 100, 9));
}

// Threads that end bring home what they have of every heap. Those that were in the middle of it are
// not there in the child.
TEST(HeapFork, AHeapEndsInTheChildThoughOthersWereInsideOfIt) {
  SystemMemory system;
  std::optional<Heap> heap(std::in_place, system, HeapOptions{.keep_empty_slabs = 0});
  std::atomic<bool> stop{false};
  std::thread starter([&] {
    while (!stop.load()) {
      std::vector<std::thread> ending;
      for (std::uint64_t tag = 0; tag < 12; ++tag) {
        ending.emplace_back([&, tag] { Exercise(*heap, tag); });
      }
      for (std::thread& thread : ending) thread.join();
    }
  });
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    EXPECT_TRUE(ChildCan([&] { heap.reset(); }));
  }
  stop = true;
  starter.join();
}

TEST(HeapFork, AHeapThatAnotherThreadWasSettingUpIsUsableInTheChild) {
  const GuardedBytes bytes(64 * kKiB);
  std::atomic<bool> stop{false};
  std::thread maker([&] {
    while (!stop.load()) {
      Heap heap;
      EXPECT_EQ(heap.AddMemory(bytes.start(), bytes.size_bytes()), AddStatus::kAdded);
      static_cast<void>(heap.Allocate(10));
    }
  });
  SystemMemory system;
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(ChildCan([&] {
      Heap fresh(system);
      Exercise(fresh, 3);
    }));
  }
  stop = true;
  maker.join();
}

}  // namespace
}  // namespace ashlar
