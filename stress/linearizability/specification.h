// specification.h - what a sequential object would do: the measure for a concurrent one.
#ifndef ASHLAR_STRESS_LINEARIZABILITY_SPECIFICATION_H_
#define ASHLAR_STRESS_LINEARIZABILITY_SPECIFICATION_H_

#include <memory_resource>
#include <string>
#include <vector>

#include "stress/linearizability/operation.h"

namespace ashlar::linearizability {

// An object's state, in a form of which there is one for each state: the checker compares them.
using State = std::pmr::vector<Value>;

class Specification {
 public:
  virtual ~Specification() = default;

  // "a stack"
  [[nodiscard]] virtual const char* Name() const = 0;

  // Changes the empty `state` into the one at the start. Empty, unless overridden.
  virtual void Begin(State* state) const;

  // Whether an object in `*state` may answer `operation` as it did; if so, `*state` is changed. Of
  // an operation that is not complete every answer is possible. If not, `*state` may be anything.
  [[nodiscard]] virtual bool Apply(const Operation& operation, State* state) const = 0;

  // "Push(3)"; "= 3", or nothing for a function that returns nothing.
  [[nodiscard]] virtual std::string DescribeCall(const Call& call) const = 0;
  [[nodiscard]] virtual std::string DescribeResult(const Operation& operation) const;

 protected:
  // Whether the operation returned `value`, or may still.
  static bool Returned(const Operation& operation, Value value) {
    return !operation.IsComplete() || operation.result == value;
  }
};

}  // namespace ashlar::linearizability

#endif  // ASHLAR_STRESS_LINEARIZABILITY_SPECIFICATION_H_
