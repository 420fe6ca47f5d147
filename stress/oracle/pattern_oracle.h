// pattern_oracle.h - nobody but its holder changes a block: what was written is there at the end.
//
// Covers all that the allocator says may be used (see pattern.h for large blocks); a reallocation
// keeps what both sizes have. Thread-safe for different blocks.
#ifndef ASHLAR_STRESS_ORACLE_PATTERN_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_PATTERN_ORACLE_H_

#include <cstddef>

#include "stress/oracle/block.h"
#include "stress/oracle/findings.h"

namespace ashlar::stress {

class PatternOracle {
 public:
  static constexpr char kName[] = "pattern";

  explicit PatternOracle(Findings& findings) : findings_(findings) {}

  void AfterAllocate(const Block& block);
  void BeforeFree(const Block& block);
  // `now` is what has become of `before`; its pattern is then written anew, with its own seed.
  void AfterReallocate(const Block& before, const Block& now);

 private:
  void Check(const Block& block, std::size_t limit_bytes, const Block& as_written,
             const char* what);

  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_PATTERN_ORACLE_H_
