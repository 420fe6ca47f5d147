// service_oracle.h - what is asked for is given.
//
// A request that is not served is no corruption: the scenario goes on without the block, and the
// verdict says so. Over memory that is meant to run out, the oracle is not asked. Thread-safe.
#ifndef ASHLAR_STRESS_ORACLE_SERVICE_ORACLE_H_
#define ASHLAR_STRESS_ORACLE_SERVICE_ORACLE_H_

#include <cstddef>

#include "stress/oracle/findings.h"

namespace ashlar::stress {

class ServiceOracle {
 public:
  static constexpr char kName[] = "service";

  explicit ServiceOracle(Findings& findings) : findings_(findings) {}

  void WhenNotServed(std::size_t size_bytes, std::size_t alignment);

 private:
  Findings& findings_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_SERVICE_ORACLE_H_
