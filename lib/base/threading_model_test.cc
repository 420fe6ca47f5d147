#include "ashlar/threading_model.h"

#include "gtest/gtest.h"

namespace ashlar {
namespace {

template <typename T>
constexpr bool IsModel() {
  return ThreadingModel<T>;
}

TEST(ThreadingModel, IsOneOfTwo) {
  EXPECT_TRUE(IsModel<Concurrent>());
  EXPECT_TRUE(IsModel<SingleThreaded>());
  EXPECT_FALSE(IsModel<int>());
  EXPECT_FALSE(IsModel<Concurrent&>());
}

}  // namespace
}  // namespace ashlar
