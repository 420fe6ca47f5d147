#include "ashlar/internal/os/pages.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ashlar/internal/base/bits.h"
#include "gtest/gtest.h"

namespace ashlar::internal::os {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

bool IsZero(const void* start, std::size_t size_bytes) {
  const auto* bytes = static_cast<const unsigned char*>(start);
  return std::all_of(bytes, bytes + size_bytes, [](unsigned char byte) { return byte == 0; });
}

TEST(Pages, APageIsAPowerOfTwoOfAtLeast4KiB) {
  EXPECT_TRUE(IsPowerOfTwo(PageSize()));
  EXPECT_GE(PageSize(), 4096u);
}

TEST(Pages, AReservationIsAlignedAsAskedAndReadsAsZeroOnceCommitted) {
  for (std::size_t alignment = PageSize(); alignment <= 64 * kMiB; alignment *= 4) {
    void* range = Reserve(4 * kMiB, alignment);
    ASSERT_NE(range, nullptr);
    EXPECT_EQ(AddressOf(range) % alignment, 0u);
    ASSERT_TRUE(Commit(range, 4 * kMiB));
    EXPECT_TRUE(IsZero(range, 4 * kMiB));
    std::memset(range, 0xff, 4 * kMiB);
    Unreserve(range, 4 * kMiB);
  }
}

TEST(PagesDeathTest, WhatIsReservedMayNotBeTouchedUntilItIsCommitted) {
  void* range = Reserve(kMiB, PageSize());
  ASSERT_NE(range, nullptr);
  ASSERT_TRUE(Commit(range, kMiB / 2));
  auto* bytes = static_cast<volatile char*>(range);
  bytes[kMiB / 2 - 1] = 1;
  EXPECT_DEATH(bytes[kMiB / 2] = 1, "");
  Unreserve(range, kMiB);
}

TEST(Pages, WhatCannotBeReservedIsNullAndKeepsErrno) {
  errno = 77;
  EXPECT_EQ(Reserve(SIZE_MAX - 4096, 4096), nullptr);
  EXPECT_EQ(Reserve(SIZE_MAX - 4096 + 1, 8192), nullptr) << "the sum overflows";
  EXPECT_EQ(Reserve(std::size_t{1} << 60, 4096), nullptr);
  EXPECT_EQ(Map(std::size_t{1} << 60), nullptr);
  EXPECT_FALSE(Commit(PointerTo(std::uintptr_t{1} << 62), PageSize()));
  EXPECT_EQ(errno, 77);
}

TEST(Pages, PurgedPagesReadAsZeroAndStayUsable) {
  void* pages = Map(kMiB);
  ASSERT_NE(pages, nullptr);
  EXPECT_TRUE(IsZero(pages, kMiB));
  std::memset(pages, 0xff, kMiB);
  errno = 77;
  ASSERT_TRUE(Purge(pages, kMiB / 2));
  EXPECT_EQ(errno, 77);
  EXPECT_TRUE(IsZero(pages, kMiB / 2));
  EXPECT_EQ(static_cast<unsigned char*>(pages)[kMiB / 2], 0xff) << "no more than was asked for";
  std::memset(pages, 0xff, kMiB / 2);
  Unmap(pages, kMiB);
}

TEST(Pages, AWishForHugeOrSmallPagesChangesNoByte) {
  auto* pages = static_cast<unsigned char*>(Map(8 * kMiB));
  ASSERT_NE(pages, nullptr);
  std::memset(pages, 0x5a, 8 * kMiB);
  errno = 77;
  AdviseHugePages(pages + 100, 8 * kMiB - 200);
  AdviseHugePages(pages, 1);
  AdviseSmallPages(pages, 4 * kMiB);
  EXPECT_EQ(errno, 77);
  EXPECT_TRUE(std::all_of(pages, pages + 8 * kMiB, [](unsigned char b) { return b == 0x5a; }));
  Unmap(pages, 8 * kMiB);
}

TEST(Pages, TheLimitOnAddressSpaceIsTold) {
  rlimit saved;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &saved), 0);
  if (saved.rlim_cur == RLIM_INFINITY) {
    EXPECT_EQ(AddressSpaceLimit(), SIZE_MAX);
  }
  // Far above what any detector reserves, so that this process goes on as before.
  rlimit limit = saved;
  limit.rlim_cur = std::min<rlim_t>(rlim_t{1} << 50, saved.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  EXPECT_EQ(AddressSpaceLimit(), limit.rlim_cur);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &saved), 0);
}

}  // namespace
}  // namespace ashlar::internal::os
