// footprint_oracle.h - an allocator holds little more memory than its callers do.
//
//   footprint <= 1.5 * most live bytes + 4 MiB + 1 MiB * most threads
//
// Peaks on both sides, as they need not fall together. One thread, at the end.
#ifndef ASHLAR_STRESS_ORACLE_FOOTPRINT_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_FOOTPRINT_ORACLE_H_

#include <cstdint>

#include "stress/oracle/findings.h"

namespace ashlar::stress {

class FootprintOracle {
 public:
  static constexpr char kName[] = "footprint";

  explicit FootprintOracle(Findings& findings) : findings_(findings) {}

  [[nodiscard]] static std::uint64_t Bound(std::uint64_t most_live_bytes,
                                           std::uint32_t most_threads);

  void AtTheEnd(std::uint64_t most_footprint_bytes, std::uint64_t most_live_bytes,
                std::uint32_t most_threads);

 private:
  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_FOOTPRINT_ORACLE_H_
