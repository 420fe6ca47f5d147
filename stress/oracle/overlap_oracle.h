// overlap_oracle.h - live blocks never share a byte.
//
// Claims what the allocator says may be used, not only what was asked for. Blocks that lie too far
// apart for the map are no fault of the allocator: the harness gives up then. Thread-safe,
// lock-free.
#ifndef ASHLAR_STRESS_ORACLE_OVERLAP_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_OVERLAP_ORACLE_H_

#include "stress/oracle/block.h"
#include "stress/oracle/findings.h"
#include "stress/oracle/overlap_map.h"

namespace ashlar::stress {

class OverlapOracle {
 public:
  static constexpr char kName[] = "overlap";

  explicit OverlapOracle(Findings& findings) : findings_(findings) {}

  void AfterAllocate(const Block& block);
  void BeforeFree(const Block& block);

  // Resident memory of the oracle itself.
  [[nodiscard]] std::size_t FootprintBytes() const { return map_.FootprintBytes(); }

 private:
  Findings& findings_;
  OverlapMap map_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_OVERLAP_ORACLE_H_
