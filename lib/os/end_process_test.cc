#include <csignal>
#include <string>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(EndProcessDeathTest, TheLineGoesToStandardErrorAndTheProcessAborts) {
  EXPECT_EXIT(Fail(Failure::kDoubleFree, internal::PointerTo(0xabc0)),
              ::testing::KilledBySignal(SIGABRT),
              ::testing::Eq(std::string("ashlar: double free: 0xabc0\n")));
}

}  // namespace
}  // namespace ashlar
