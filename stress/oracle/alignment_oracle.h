// alignment_oracle.h - a block starts where it was asked to, or where any object of its size may.
//
// Without a request: 16 for blocks of 16 bytes and more; for smaller ones the largest power of two
// that is not larger than the block, as C asks for. Thread-safe.
#ifndef ASHLAR_STRESS_ORACLE_ALIGNMENT_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_ALIGNMENT_ORACLE_H_

#include "stress/oracle/block.h"
#include "stress/oracle/findings.h"

namespace ashlar::stress {

class AlignmentOracle {
 public:
  static constexpr char kName[] = "alignment";

  explicit AlignmentOracle(Findings& findings) : findings_(findings) {}

  void AfterAllocate(const Block& block);

 private:
  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_ALIGNMENT_ORACLE_H_
