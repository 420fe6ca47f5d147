// Moving the memory behind pages: all of it, or nothing.
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "ashlar/internal/os/pages.h"
#include "gtest/gtest.h"

namespace ashlar::internal::os {
namespace {

constexpr std::size_t kBytes = std::size_t{1} << 20;

bool IsFilledWith(const std::byte* start, std::byte value, std::size_t size_bytes) {
  for (std::size_t i = 0; i < size_bytes; ++i) {
    if (start[i] != value) return false;
  }
  return true;
}

class PagesMove : public ::testing::Test {
 protected:
  PagesMove() : range_(static_cast<std::byte*>(Reserve(8 * kBytes, kBytes))) {
    EXPECT_TRUE(Commit(range_, 8 * kBytes));
    from_ = range_ + kBytes;
    to_ = range_ + 4 * kBytes;
    std::memset(range_, 0x0f, 4 * kBytes);
    std::memset(to_, 0xf0, 4 * kBytes);
  }
  ~PagesMove() override { Unreserve(range_, 8 * kBytes); }

  std::byte* range_;
  std::byte* from_;
  std::byte* to_;
};

TEST_F(PagesMove, TheTargetHasTheBytesAndTheOriginIsZero) {
  errno = 77;
  ASSERT_TRUE(MovePages(from_, to_, kBytes));
  EXPECT_EQ(errno, 77);
  EXPECT_TRUE(IsFilledWith(to_, std::byte{0x0f}, kBytes));
  EXPECT_TRUE(IsFilledWith(from_, std::byte{0}, kBytes));
  EXPECT_TRUE(IsFilledWith(to_ + kBytes, std::byte{0xf0}, kBytes)) << "no more than was asked for";
  EXPECT_TRUE(IsFilledWith(from_ + kBytes, std::byte{0x0f}, kBytes));
  std::memset(from_, 1, kBytes);
  std::memset(to_, 2, kBytes);
}

// Systems before Linux 6.17 refuse to move more than one mapping at once.
TEST_F(PagesMove, SeveralMappingsAreMovedAsAWholeOrStay) {
  AdviseSmallPages(from_ + kBytes / 2, kBytes);  // one mapping becomes three
  if (MovePages(from_, to_, kBytes)) {
    EXPECT_TRUE(IsFilledWith(to_, std::byte{0x0f}, kBytes));
    EXPECT_TRUE(IsFilledWith(from_, std::byte{0}, kBytes));
  } else {
    EXPECT_TRUE(IsFilledWith(to_, std::byte{0xf0}, kBytes));
    EXPECT_TRUE(IsFilledWith(from_, std::byte{0x0f}, kBytes));
  }
}

TEST_F(PagesMove, WhatTheSystemRefusesChangesNothing) {
  // A hole in the origin: no system can move that.
  Unmap(from_ + kBytes / 2, kBytes / 4);
  errno = 77;
  EXPECT_FALSE(MovePages(from_, to_, kBytes));
  EXPECT_EQ(errno, 77);
  EXPECT_TRUE(IsFilledWith(to_, std::byte{0xf0}, kBytes)) << "the target is still there";
  EXPECT_TRUE(IsFilledWith(from_, std::byte{0x0f}, kBytes / 2));
}

}  // namespace
}  // namespace ashlar::internal::os
