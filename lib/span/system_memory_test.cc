// The process's memory: blocks, the shared range, and forks while others are at work in it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

TEST(SystemMemory, ABlockIsZeroAndWritableAndGoesBack) {
  SystemMemory memory;
  for (const std::size_t size : {std::size_t{1}, 64 * kKiB, 3 * kMiB + 1}) {
    const MemoryBlock block = memory.Acquire(size);
    ASSERT_NE(block.start, nullptr);
    EXPECT_GE(block.size_bytes, size);
    auto* bytes = static_cast<unsigned char*>(block.start);
    EXPECT_TRUE(std::all_of(bytes, bytes + block.size_bytes, [](auto byte) { return byte == 0; }));
    std::memset(bytes, 0xff, block.size_bytes);
    memory.Release(block);
  }
  EXPECT_EQ(memory.Acquire(SIZE_MAX).start, nullptr);
  EXPECT_EQ(memory.Acquire(std::size_t{1} << 60).start, nullptr);
}

TEST(SystemMemory, TheSharedRangeTellsWhatIsUsedAndTrimGivesBackTheRest) {
  ArenaList<Concurrent>& list = SystemArenas();
  ASSERT_NE(list.first(), nullptr);
  const std::size_t used = SystemMemory::GetStatistics().used_bytes;
  ArenaList<Concurrent>::Run run;
  {
    const LockGuard<Concurrent> guard(list.lock());
    run = list.TakeLocked(Arena::Part::kBlocks, 8 * kMiB, 1);
    ASSERT_NE(run.arena, nullptr);
  }
  std::memset(PointerTo(run.start), 0xff, 8 * kMiB);
  EXPECT_EQ(SystemMemory::GetStatistics().used_bytes, used + 8 * kMiB);
  {
    const LockGuard<Concurrent> guard(list.lock());
    list.GiveLocked(*run.arena, Arena::Part::kBlocks, run.start);
  }
  EXPECT_EQ(SystemMemory::GetStatistics().used_bytes, used);
  EXPECT_GE(SystemMemory::GetStatistics().kept_bytes, 8 * kMiB);
  EXPECT_GE(SystemMemory::Trim(), 8 * kMiB);
  EXPECT_EQ(SystemMemory::GetStatistics().kept_bytes, 0u);
  const auto* bytes = PointerTo<const unsigned char>(run.start);
  EXPECT_TRUE(std::all_of(bytes, bytes + 8 * kMiB, [](auto byte) { return byte == 0; }));
}

TEST(SystemMemory, ARegisteredListIsFoundByItsBytesAndOthersAreNot) {
  const auto bytes = std::make_unique<unsigned char[]>(kMiB);
  ArenaList<Concurrent> list;
  ASSERT_EQ(list.Add(bytes.get(), kMiB), AddStatus::kAdded);
  const std::uintptr_t inside = AddressOf(bytes.get()) + kMiB / 2;
  EXPECT_EQ(FindRegisteredArena(inside), nullptr);
  ArenaList<Concurrent> neighbours[2];
  RegisterForFork(neighbours[0]);
  RegisterForFork(list);
  RegisterForFork(neighbours[1]);
  EXPECT_EQ(FindRegisteredArena(inside), list.first());
  EXPECT_EQ(FindRegisteredArena(inside + kMiB), nullptr);
  UnregisterForFork(list);
  EXPECT_EQ(FindRegisteredArena(inside), nullptr);
  UnregisterForFork(neighbours[1]);
  UnregisterForFork(neighbours[0]);
  ASSERT_NE(SystemArenas().first(), nullptr);
  EXPECT_EQ(FindRegisteredArena(SystemArenas().first()->start()), SystemArenas().first());
}

TEST(SystemMemory, AChildCanTakeAndGiveWhateverOthersHeldAtTheFork) {
  constexpr int kForks = 30;
  ASSERT_NE(SystemArenas().first(), nullptr);
  const auto bytes = std::make_unique<unsigned char[]>(2 * kMiB);
  ArenaList<Concurrent> own;
  ASSERT_EQ(own.Add(bytes.get(), 2 * kMiB), AddStatus::kAdded);
  RegisterForFork(own);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (ArenaList<Concurrent>* list : {&own, &SystemArenas()}) {
    threads.emplace_back([list, &stop] {
      while (!stop.load()) {
        void* table = list->TakeTable(20000);
        ASSERT_NE(table, nullptr);
        list->GiveTable(table);
      }
    });
  }
  threads.emplace_back([&stop] {
    while (!stop.load()) {
      ArenaList<Concurrent> other;
      RegisterForFork(other);
      UnregisterForFork(other);
    }
  });
  for (int i = 0; i < kForks; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(20);  // a lock that nobody gives back ends here
      for (ArenaList<Concurrent>* list : {&own, &SystemArenas()}) {
        void* table = list->TakeTable(30000);
        if (table == nullptr) _exit(1);
        list->GiveTable(table);
      }
      ArenaList<Concurrent> other;
      RegisterForFork(other);
      UnregisterForFork(other);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "fork " << i;
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  UnregisterForFork(own);
}

}  // namespace
}  // namespace ashlar::internal
