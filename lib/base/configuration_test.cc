#include "ashlar/internal/base/configuration.h"

#include <cstddef>
#include <memory>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

TEST(Configuration, CheckedIsWhatTheBuildSays) {
#ifdef ASHLAR_CHECKED
  EXPECT_TRUE(kChecked);
#else
  EXPECT_FALSE(kChecked);
#endif
}

// Touches the memory that the caller poisoned.
void Touch(volatile char* byte) { *byte = 1; }

TEST(ConfigurationDeathTest, PoisonIsDeadlyUnderAddressSanitizerAndNothingElsewhere) {
  const auto bytes = std::make_unique<char[]>(64);
  PoisonMemory(bytes.get() + 16, 32);
  Touch(bytes.get() + 15);
#ifdef ASHLAR_ASAN
  EXPECT_DEATH(Touch(bytes.get() + 16), "use-after-poison");
#else
  Touch(bytes.get() + 16);
#endif
  UnpoisonMemory(bytes.get() + 16, 32);
  Touch(bytes.get() + 16);
  EXPECT_EQ(bytes[16], 1);
}

}  // namespace
}  // namespace ashlar::internal
