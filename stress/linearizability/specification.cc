#include "stress/linearizability/specification.h"

namespace ashlar::linearizability {

void Specification::Begin(State*) const {}

std::string Specification::DescribeResult(const Operation& operation) const {
  return operation.result == kNone ? "= none" : "= " + std::to_string(operation.result);
}

}  // namespace ashlar::linearizability
