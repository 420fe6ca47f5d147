// seeded.h - the bugs of the catalogue, and which of them is on.
#ifndef ASHLAR_STRESS_SEEDED_SEEDED_H_
#define ASHLAR_STRESS_SEEDED_SEEDED_H_

#include <cstdint>
#include <span>

namespace ashlar::seeded {

// The number of the bug that is on, from 1; 0: none. The copies of the sources look at it. Written
// between explorations.
extern constinit int bug;

struct Bug {
  const char* name;
  const char* layer;
  const char* scenario;  // of //stress/engine: the expected finder
  std::uint64_t within;  // executions, whatever the seed
};

// In the order of their numbers.
std::span<const Bug> Bugs();

}  // namespace ashlar::seeded

#endif  // ASHLAR_STRESS_SEEDED_SEEDED_H_
