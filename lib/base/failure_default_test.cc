// How a program ends that brings nothing to end it: without os, as on a board.
#include "ashlar/failure.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(FailureDefaultDeathTest, WithoutAnEndOfItsOwnTheProcessEndsAllTheSame) {
  int block = 0;
  EXPECT_DEATH(Fail(Failure::kDoubleFree, &block), "");
}

}  // namespace
}  // namespace ashlar
