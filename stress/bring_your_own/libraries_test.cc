// Allocators that programs bring, as they come.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stress/bring_your_own/stress_allocator.h"

#define TBB_PREVIEW_MEMORY_POOL 1
#include "oneapi/tbb/memory_pool.h"
#include "oneapi/tbb/scalable_allocator.h"

namespace ashlar::stress {
namespace {

using testing::StartsWith;

constexpr char kTrace[] = "stress/traces/redis.trace.xz";
constexpr StressOptions kOptions{.operations = 60'000};

struct Malloc {
  void* Allocate(std::size_t size_bytes) { return std::malloc(size_bytes); }
  void Free(void* block) { std::free(block); }
};

TEST(Malloc, WithTwoMembersHolds) { EXPECT_EQ(StressAllocator<Malloc>(kOptions), ""); }
TEST(Malloc, WithTwoMembersHoldsInATrace) { EXPECT_EQ(ReplayOnAllocator<Malloc>(kTrace), ""); }

struct Scalable {
  void* Allocate(std::size_t size_bytes) { return scalable_malloc(size_bytes); }
  void* Allocate(std::size_t size_bytes, std::size_t alignment) {
    void* block = nullptr;
    return scalable_posix_memalign(&block, alignment, size_bytes) == 0 ? block : nullptr;
  }
  void* AllocateZeroed(std::size_t size_bytes) { return scalable_calloc(1, size_bytes); }
  void* Reallocate(void* block, std::size_t size_bytes) {
    return scalable_realloc(block, size_bytes);
  }
  void Free(void* block) { scalable_free(block); }
  std::size_t UsableSize(void* block) { return scalable_msize(block); }
};
static_assert(AllocatesZeroed<Scalable> && TellsUsableSize<Scalable>);

TEST(ScalableMalloc, Holds) { EXPECT_EQ(StressAllocator<Scalable>(kOptions), ""); }
TEST(ScalableMalloc, HoldsInATrace) { EXPECT_EQ(ReplayOnAllocator<Scalable>(kTrace), ""); }

struct MemoryPool {
  void* Allocate(std::size_t size_bytes) { return pool.malloc(size_bytes); }
  void* Reallocate(void* block, std::size_t size_bytes) { return pool.realloc(block, size_bytes); }
  void Free(void* block) { pool.free(block); }
  tbb::memory_pool<std::allocator<char>> pool;
};

TEST(MemoryPool, Holds) { EXPECT_EQ(StressAllocator<MemoryPool>(kOptions), ""); }
TEST(MemoryPool, HoldsInATrace) { EXPECT_EQ(ReplayOnAllocator<MemoryPool>(kTrace), ""); }

struct PoolResource {
  PoolResource() = default;
  explicit PoolResource(const std::pmr::pool_options& options) : resource(options) {}
  void* Allocate(std::size_t size_bytes, std::size_t alignment) {
    return resource.allocate(size_bytes, alignment);
  }
  void Free(void* block, std::size_t size_bytes, std::size_t alignment) {
    resource.deallocate(block, size_bytes, alignment);
  }
  std::pmr::synchronized_pool_resource resource;
};

// The pools of libstdc++ 12 have blocks whose size is no multiple of the alignment that they are
// asked for, as a plain loop shows. The harness finds it where it is.
TEST(SynchronizedPoolResource, HoldsWhereItAligns) {
  bool aligns = true;
  std::pmr::synchronized_pool_resource resource;
  for (int i = 0; i < 8; ++i) {
    // Volatile, as the compiler takes the alignment for granted.
    const volatile std::uintptr_t address =
        reinterpret_cast<std::uintptr_t>(resource.allocate(137, 128));
    aligns &= address % 128 == 0;
  }
  const auto is_as_expected = aligns ? testing::Matcher<std::string>("")
                                     : testing::Matcher<std::string>(StartsWith("alignment: "));
  EXPECT_THAT(StressAllocator<PoolResource>(kOptions), is_as_expected);
}

struct PlainPoolResource : std::pmr::synchronized_pool_resource {
  void* Allocate(std::size_t size_bytes) { return allocate(size_bytes); }
  void Free(void* block, std::size_t size_bytes) { deallocate(block, size_bytes); }
};

TEST(SynchronizedPoolResource, WithoutAlignmentsHolds) {
  EXPECT_EQ(StressAllocator<PlainPoolResource>(kOptions), "");
}
TEST(SynchronizedPoolResource, WithoutAlignmentsHoldsInATrace) {
  EXPECT_EQ(ReplayOnAllocator<PlainPoolResource>(kTrace), "");
}

TEST(SynchronizedPoolResource, OfObjectsOfOneSizeHolds) {
  const std::pmr::pool_options few{.max_blocks_per_chunk = 16, .largest_required_pool_block = 256};
  EXPECT_EQ(StressAllocator<PoolResource>({.operations = 60'000, .object_bytes = 48}, few), "");
}

}  // namespace
}  // namespace ashlar::stress
