// FixedRegion as an allocator of whole pages, beside the caches that draw from it.
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "ashlar/failure.h"
#include "ashlar/fixed_region.h"
#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr std::size_t kBytes = std::size_t{1} << 20;

class FixedRegionPages : public ::testing::Test {
 protected:
  FixedRegionPages() : bytes_(new std::byte[kBytes]), region_(bytes_.get(), kBytes) {}

  std::unique_ptr<std::byte[]> bytes_;
  FixedRegion region_;
};
using FixedRegionPagesDeathTest = FixedRegionPages;

TEST_F(FixedRegionPages, AreServedAtEveryAlignment) {
  const std::size_t page = region_.page_bytes();
  for (std::size_t alignment = 1; alignment <= kBytes / 8; alignment *= 2) {
    void* runs[2];
    for (void*& run : runs) {
      run = region_.AllocatePages(3, alignment);
      ASSERT_NE(run, nullptr) << alignment;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(run) % alignment, 0u);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(run) % page, 0u);
      std::memset(run, 0x33, 3 * page);
    }
    EXPECT_NE(runs[0], runs[1]);
    EXPECT_EQ(region_.used_bytes(), 6 * page);
    for (void* run : runs) region_.FreePages(run, 3);
  }
  EXPECT_TRUE(region_.IsIdle());
}

TEST_F(FixedRegionPages, ImpossibleRequestsGiveNullAndChangeNothing) {
  const std::size_t all = region_.total_bytes() / region_.page_bytes();
  for (const std::size_t pages : {std::size_t{0}, all + 1, SIZE_MAX, SIZE_MAX >> 12}) {
    EXPECT_EQ(region_.AllocatePages(pages), nullptr) << pages;
  }
  for (const std::size_t alignment : {std::size_t{0}, std::size_t{3}, std::size_t{1} << 63}) {
    EXPECT_EQ(region_.AllocatePages(1, alignment), nullptr) << alignment;
  }
  EXPECT_EQ(FixedRegion().AllocatePages(1), nullptr);
  EXPECT_EQ(region_.used_bytes(), 0u);
  void* whole = region_.AllocatePages(all);
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(region_.AllocatePages(1), nullptr);
  region_.FreePages(whole, all);
  region_.FreePages(nullptr, 1);
}

TEST_F(FixedRegionPages, AndCachesShareTheRegionFromAnyThread) {
  SlabCache<std::uint64_t> cache(region_);
  const auto work = [&] {
    for (std::uint64_t i = 0; i < 2000; ++i) {
      auto* run = static_cast<std::uint64_t*>(region_.AllocatePages(1 + i % 5));
      std::uint64_t* object = cache.New(i);
      ASSERT_TRUE(run != nullptr && object != nullptr);
      *run = i;
      EXPECT_EQ(*object, i);
      cache.Delete(object);
      EXPECT_EQ(*run, i);
      region_.FreePages(run, 1 + i % 5);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

TEST_F(FixedRegionPagesDeathTest, MisuseIsReportedByName) {
  void* run = region_.AllocatePages(4);
  EXPECT_DEATH(region_.FreePages(run, 3), FailureName(Failure::kWrongSize));
  EXPECT_DEATH(region_.FreePages(static_cast<std::byte*>(run) + 16, 4),
               FailureName(Failure::kForeignPointer));
  EXPECT_DEATH(region_.FreePages(static_cast<std::byte*>(run) + region_.page_bytes(), 4),
               FailureName(Failure::kForeignPointer));
  EXPECT_DEATH(region_.FreePages(&run, 1), FailureName(Failure::kForeignPointer));
  EXPECT_DEATH(region_.FreePages(bytes_.get(), 1), FailureName(Failure::kForeignPointer));
  region_.FreePages(run, 4);
  EXPECT_DEATH(region_.FreePages(run, 4), FailureName(Failure::kDoubleFree));
}

FixedRegion* g_told;

// Red: it hangs, as the lock is held.
TEST_F(FixedRegionPagesDeathTest, AHandlerOfTheEndMayUseTheRegion) {
  const auto free_badly = [this](void* run, std::size_t pages) {
    alarm(20);
    g_told = &region_;
    std::signal(SIGABRT, [](int) { _exit(g_told->AllocatePages(1) != nullptr ? 7 : 1); });
    region_.FreePages(run, pages);
  };
  void* run = region_.AllocatePages(4);
  EXPECT_EXIT(free_badly(&run, 1), ::testing::ExitedWithCode(7),
              FailureName(Failure::kForeignPointer));
  EXPECT_EXIT(free_badly(run, 3), ::testing::ExitedWithCode(7), FailureName(Failure::kWrongSize));
  region_.FreePages(run, 4);
  EXPECT_EXIT(free_badly(run, 4), ::testing::ExitedWithCode(7), FailureName(Failure::kDoubleFree));
}

}  // namespace
}  // namespace ashlar
