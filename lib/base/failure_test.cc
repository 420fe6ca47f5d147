#include "ashlar/failure.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ashlar/internal/base/bits.h"
#include "gtest/gtest.h"

namespace ashlar {

// A program may say itself how it ends: this one tells the line and leaves with a code of its own.
extern "C" void ashlar_end_process(const char* line, std::size_t size_bytes) {
  if (write(STDERR_FILENO, line, size_bytes) < 0) _exit(8);
  _exit(7);
}

namespace {

struct Told {
  Failure failure;
  std::uintptr_t address;
  const char* line;
};

TEST(FailureDeathTest, OneLineNamesTheFailureAndTheAddress) {
  const Told kAll[] = {
      {Failure::kDoubleFree, 0x1234abcd, "ashlar: double free: 0x1234abcd\n"},
      {Failure::kForeignPointer, 0,
       "ashlar: free of a pointer that is no block of this allocator: 0x0\n"},
      {Failure::kWrongSize, UINTPTR_MAX,
       "ashlar: sized free with a size that the block cannot have: 0xffffffffffffffff\n"},
      {Failure::kInvariantBroken, 0x10, "ashlar: invariant broken: 0x10\n"},
  };
  for (const Told& told : kAll) {
    EXPECT_EXIT(Fail(told.failure, internal::PointerTo(told.address)),
                ::testing::ExitedWithCode(7), ::testing::Eq(std::string(told.line)));
  }
}

class Invariant {
 public:
  int Keep(bool holds) {
    ASHLAR_INVARIANT(++looks_ > 0 && holds);
    return looks_;
  }

 private:
  int looks_ = 0;
};

TEST(FailureDeathTest, AnInvariantIsLookedAtInCheckedBuildsAlone) {
  Invariant invariant;
  EXPECT_EQ(invariant.Keep(true), internal::kChecked ? 1 : 0);
  if (internal::kChecked) {
    EXPECT_EXIT(invariant.Keep(false), ::testing::ExitedWithCode(7),
                "ashlar: invariant broken: 0x");
  } else {
    EXPECT_EQ(invariant.Keep(false), 0);
  }
}

TEST(FailureName, IsNeverEmpty) {
  for (int i = 0; i < 256; ++i) {
    EXPECT_GT(std::string(FailureName(static_cast<Failure>(i))).size(), 5u);
  }
}

}  // namespace
}  // namespace ashlar
