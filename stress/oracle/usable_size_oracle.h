// usable_size_oracle.h - a block is as large as was asked for or larger, and stays that large.
//
// Whether the bytes are really there is for the pattern and overlap oracles, which work on all that
// the allocator says may be used. Thread-safe.
#ifndef ASHLAR_STRESS_ORACLE_USABLE_SIZE_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_USABLE_SIZE_ORACLE_H_

#include <cstddef>

#include "stress/oracle/block.h"
#include "stress/oracle/findings.h"

namespace ashlar::stress {

class UsableSizeOracle {
 public:
  static constexpr char kName[] = "usable size";

  explicit UsableSizeOracle(Findings& findings) : findings_(findings) {}

  // block.extent_bytes is what the allocator just said.
  void AfterAllocate(const Block& block);
  // `usable_bytes` is what the allocator says now.
  void BeforeFree(const Block& block, std::size_t usable_bytes);

 private:
  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_USABLE_SIZE_ORACLE_H_
