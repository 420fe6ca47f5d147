// A heap over the process's memory under a limit on address space (ulimit -v), in a child.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

#include "ashlar/heap.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr std::size_t kMiB = 1 << 20;

enum Answer { kServed = 0, kNotLimited = 1, kServedTooSoon = 2, kStillNothing = 3 };

Answer AskBeforeAndAfterALimitIsRaised() {
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0) return kNotLimited;
  const rlimit low = {48 * kMiB, limit.rlim_max};
  if (setrlimit(RLIMIT_AS, &low) != 0) return kNotLimited;
  SystemMemory system;
  Heap heap(system);
  if (heap.Allocate(100) != nullptr || heap.Allocate(kMiB) != nullptr) return kServedTooSoon;
  if (setrlimit(RLIMIT_AS, &limit) != 0) return kNotLimited;
  void* block = heap.Allocate(100);
  void* run = heap.Allocate(kMiB);
  if (block == nullptr || run == nullptr) return kStillNothing;
  heap.Free(block);
  heap.Free(run);
  return kServed;
}

TEST(HeapLimits, AHeapOverASystemThatHadNoRangeAsksAgain) {
  const pid_t child = fork();
  if (child == 0) _exit(AskBeforeAndAfterALimitIsRaised());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kServed);
}

}  // namespace
}  // namespace ashlar
