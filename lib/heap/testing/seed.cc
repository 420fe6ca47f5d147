#include "lib/heap/testing/seed.h"

#include <iostream>

#include "gtest/gtest.h"

namespace ashlar::testing {

std::uint32_t Seed() {
  const int given = GTEST_FLAG_GET(random_seed);
  const std::uint32_t seed = given > 0 ? static_cast<std::uint32_t>(given) : 1;
  std::cout << "seed " << seed << "\n";
  return seed;
}

}  // namespace ashlar::testing
