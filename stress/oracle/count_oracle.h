// count_oracle.h - while nothing moves, the allocator's numbers are ours.
//
// One thread, at quiescence.
#ifndef ASHLAR_STRESS_ORACLE_COUNT_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_COUNT_ORACLE_H_

#include <cstdint>

#include "stress/oracle/findings.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

class CountOracle {
 public:
  static constexpr char kName[] = "counts";

  explicit CountOracle(Findings& findings) : findings_(findings) {}

  // `live_bytes`: the sum of the usable sizes of all live blocks.
  void WhenQuiescent(const Census& census, std::uint64_t live_blocks, std::uint64_t live_bytes);

 private:
  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_COUNT_ORACLE_H_
