// homecoming_oracle.h - when every block is free and the allocator has ended, all memory is back.
//
// One thread, at the end.
#ifndef ASHLAR_STRESS_ORACLE_HOMECOMING_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_HOMECOMING_ORACLE_H_

#include <cstddef>
#include <optional>

#include "stress/oracle/findings.h"

namespace ashlar::stress {

class HomecomingOracle {
 public:
  static constexpr char kName[] = "homecoming";

  explicit HomecomingOracle(Findings& findings) : findings_(findings) {}

  // `kept_bytes`: what the allocator has not given back; nothing where that cannot be known.
  void AtTheEnd(std::optional<std::size_t> kept_bytes);

 private:
  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_HOMECOMING_ORACLE_H_
