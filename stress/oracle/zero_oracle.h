// zero_oracle.h - memory that was asked for as zero is zero. Thread-safe.
#ifndef ASHLAR_STRESS_ORACLE_ZERO_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_ZERO_ORACLE_H_

#include "stress/oracle/block.h"
#include "stress/oracle/findings.h"

namespace ashlar::stress {

class ZeroOracle {
 public:
  static constexpr char kName[] = "zero";

  explicit ZeroOracle(Findings& findings) : findings_(findings) {}

  void AfterAllocateZeroed(const Block& block);

 private:
  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_ZERO_ORACLE_H_
