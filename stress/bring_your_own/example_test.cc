#include <cstdlib>

#include "gtest/gtest.h"
#include "stress/bring_your_own/stress_allocator.h"

struct MyAllocator {
  void* Allocate(std::size_t size) { return std::malloc(size); }
  void Free(void* block) { std::free(block); }
  // From here on optional.
  void* Allocate(std::size_t size, std::size_t alignment) {
    void* block = nullptr;
    return posix_memalign(&block, alignment, size) == 0 ? block : nullptr;
  }
  void* AllocateZeroed(std::size_t size) { return std::calloc(1, size); }
  void* Reallocate(void* block, std::size_t size) { return std::realloc(block, size); }
};

TEST(MyAllocator, Holds) { EXPECT_EQ(ashlar::stress::StressAllocator<MyAllocator>(), ""); }
