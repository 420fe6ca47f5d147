// seed.h - what a test's randomness begins with: 1, or what --gtest_random_seed=N says
// (bazel test --test_arg=--gtest_random_seed=N). Printed into the test's log.
#ifndef ASHLAR_LIB_HEAP_TESTING_SEED_H_
#define ASHLAR_LIB_HEAP_TESTING_SEED_H_

#include <cstdint>

namespace ashlar::testing {

[[nodiscard]] std::uint32_t Seed();

}  // namespace ashlar::testing

#endif  // ASHLAR_LIB_HEAP_TESTING_SEED_H_
