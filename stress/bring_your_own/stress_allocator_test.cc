// Faults that a stranger's allocator may have are found; what it is told is what it was asked.
#include "stress/bring_your_own/stress_allocator.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

using testing::StartsWith;

// Every hundredth request is given what the last one was given. Frees nothing until its end, so
// that the harness lives on.
struct HandsOutTwice {
  void* Allocate(std::size_t size_bytes) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (blocks.empty() || ++calls % 100 != 0) {
      blocks.push_back(std::make_unique<std::byte[]>(std::max(size_bytes, std::size_t{64})));
    }
    return blocks.back().get();
  }
  void Free(void* /*block*/) {}
  std::mutex mutex;
  std::size_t calls = 0;                             // under mutex
  std::vector<std::unique_ptr<std::byte[]>> blocks;  // under mutex
};

// One thread, as the race detector would speak before the oracle.
TEST(StressAllocator, FindsABlockThatIsHandedOutTwice) {
  EXPECT_THAT(StressAllocator<HandsOutTwice>({.threads = 1, .object_bytes = 64}),
              StartsWith("overlap: "));
}

// Remembers what each block was asked for with, and compares when it is freed.
struct Ledger {
  using Asked = std::pair<std::size_t, std::size_t>;
  explicit Ledger(int& wrong) : wrong_frees(wrong) {}
  void* Allocate(std::size_t size_bytes, std::size_t alignment) {
    void* block = nullptr;
    if (posix_memalign(&block, alignment, size_bytes) != 0) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex);
    asked[block] = {size_bytes, alignment};
    return block;
  }
  void Free(void* block, std::size_t size_bytes, std::size_t alignment) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      const auto found = asked.find(block);
      if (found == asked.end() || found->second != Asked(size_bytes, alignment)) ++wrong_frees;
      asked.erase(block);
    }
    std::free(block);
  }
  std::size_t LiveBlocks() const { return asked.size(); }
  std::size_t End() const { return asked.size() + (forgets ? 1 : 0); }
  std::mutex mutex;
  int& wrong_frees;              // under mutex
  std::map<void*, Asked> asked;  // under mutex
  bool forgets = false;
};
static_assert(TellsLiveBlocks<Ledger> && TellsWhatIsLeft<Ledger>);

TEST(StressAllocator, FreesWithTheSizeAndTheAlignmentOfTheRequest) {
  int wrong_frees = 0;
  EXPECT_EQ(StressAllocator<Ledger>({.operations = 50'000}, wrong_frees), "");
  EXPECT_EQ(wrong_frees, 0);
}

struct ForgetfulLedger : Ledger {
  explicit ForgetfulLedger(int& wrong) : Ledger(wrong) { forgets = true; }
};

TEST(StressAllocator, AsksInTheEndForWhatIsNotGivenBack) {
  int wrong_frees = 0;
  EXPECT_THAT(StressAllocator<ForgetfulLedger>({.operations = 10'000}, wrong_frees),
              StartsWith("homecoming: "));
}

// Serves a number of blocks of 64 bytes at once.
struct Few {
  void* Allocate(std::size_t size_bytes) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (live == 100 || size_bytes > 64) return nullptr;
    ++live;
    return std::malloc(64);
  }
  void Free(void* block) {
    const std::lock_guard<std::mutex> lock(mutex);
    --live;
    std::free(block);
  }
  std::mutex mutex;
  int live = 0;  // under mutex
};

TEST(StressAllocator, ARefusalIsAFindingUnlessMemoryIsBounded) {
  EXPECT_THAT(StressAllocator<Few>({.operations = 10'000, .object_bytes = 64}),
              StartsWith("service: "));
  EXPECT_EQ(StressAllocator<Few>({.operations = 10'000, .object_bytes = 64, .may_run_out = true}),
            "");
}

TEST(ReplayOnAllocator, WithoutATraceThereIsNoVerdict) {
  EXPECT_THAT(ReplayOnAllocator<Few>("no/such.trace"), StartsWith("no verdict: "));
}

}  // namespace
}  // namespace ashlar::stress
