// The process's range under limits on address space (ulimit -v), each in a child of its own.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

enum Answer { kServed = 0, kNoRange = 1, kNoRun = 2, kNoLimit = 3, kStatistics = 4, kKilled = 5 };

// In a child with no more than `limit_bytes` of address space, `taken_bytes` of which others have:
// one run of each part, written.
Answer AskUnder(std::size_t limit_bytes, std::size_t taken_bytes = 0) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit = {limit_bytes, limit_bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(kNoLimit);
    if (taken_bytes > 0 && mmap(nullptr, taken_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                                0) == MAP_FAILED) {
      _exit(kNoLimit);
    }
    ArenaList<Concurrent>& list = SystemArenas();
    if (list.first() == nullptr) {
      // No range: no memory, no crash.
      if (SystemMemory::GetStatistics().used_bytes != 0 || SystemMemory::Trim() != 0) {
        _exit(kStatistics);
      }
      _exit(kNoRange);
    }
    const LockGuard<Concurrent> guard(list.lock());
    for (const Arena::Part part :
         {Arena::Part::kTables, Arena::Part::kSlabs, Arena::Part::kBlocks}) {
      const auto run = list.TakeLocked(part, 4 * kMiB, 65536);
      if (run.arena == nullptr || !run.zeroed) _exit(kNoRun);
      std::memset(PointerTo(run.start), 0xff, 4 * kMiB);
    }
    _exit(kServed);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? static_cast<Answer>(WEXITSTATUS(status)) : kKilled;
}

TEST(SystemMemoryLimits, ARangeThatFitsIsFound) {
  EXPECT_EQ(AskUnder(std::size_t{2} << 40), kServed);
  EXPECT_EQ(AskUnder(4096 * kMiB), kServed);
  EXPECT_EQ(AskUnder(1024 * kMiB), kServed);
  EXPECT_EQ(AskUnder(256 * kMiB), kServed);
}

TEST(SystemMemoryLimits, TheSmallestRangeIsTriedBeforeNoneIsSaid) {
  // The first to be tried is one of 96 MiB, and half of that would be too small.
  EXPECT_EQ(AskUnder(160 * kMiB, 60 * kMiB), kServed);
}

TEST(SystemMemoryLimits, ASmallRangeNeedsLittleMoreThanItself) {
  EXPECT_EQ(AskUnder(96 * kMiB), kServed);
  EXPECT_EQ(AskUnder(160 * kMiB), kServed);
}

TEST(SystemMemoryLimits, BelowTheSmallestThereIsNoMemoryAndNoCrash) {
  EXPECT_EQ(AskUnder(48 * kMiB), kNoRange);
}

}  // namespace
}  // namespace ashlar::internal
