// checker.h - is there an order of the calls in which a sequential object would have answered the
// same?
//
// Linearizable (Herlihy and Wing, TOPLAS 1990): all calls can be put in one order, such that a call
// that returned before another began stands before it, and in that order the specification gives
// each the answer that it got. A call that never returned may stand anywhere behind its beginning,
// or nowhere.
//
// The search is Wing and Gong's (JPDC 1993), with Lowe's memory of configurations (CPPE 2017):
// depth first, next is any call before whose beginning none of the others that are left has
// returned; a configuration (which calls were placed, and the object's state) that failed once is
// not entered again. As lanes are sequential, "which calls" is a number for each lane. Exponential
// at worst; for the few dozen calls of a test, microseconds. max_configurations bounds it.
//
// Which order counts
//   kRealTime      as above. Under weak memory it asks for more than C++ promises: a pop by another
//                  thread, later but not ordered behind a push by what happens before, may find the
//                  stack empty. So: sequentially consistent memory, or objects whose calls all are
//                  read-modify-writes of one location.
//   kProgramOrder  calls of one lane stay in order, no others: sequential consistency (Lamport,
//   1979).
//                  For weak memory. It is weaker: it does not see that a call of one lane knew, by
//                  whatever else happened, of a call of another.
//
// Under the explorer Check() runs in the body, behind the joins. Where the answer is yes it
// allocates no block of up to 4 KiB, so that it adds no choices of which memory is used again.
#ifndef ASHLAR_STRESS_LINEARIZABILITY_CHECKER_H_
#define ASHLAR_STRESS_LINEARIZABILITY_CHECKER_H_

#include <cstdint>
#include <string>

#include "stress/linearizability/history.h"
#include "stress/linearizability/specification.h"

namespace ashlar::linearizability {

enum class Precedence : std::uint8_t { kRealTime, kProgramOrder };

struct CheckOptions {
  Precedence precedence = Precedence::kRealTime;
  std::uint64_t max_configurations = 1 << 20;
};

enum class Answer : std::uint8_t { kYes, kNo, kUndecided };

[[nodiscard]] Answer Check(const History& history, const Specification& specification,
                           const CheckOptions& options = {});

// Where the answer is not yes: a picture of the history (picture.h), with the longest sequence of
// calls that fits. Searches again.
[[nodiscard]] std::string Explain(const History& history, const Specification& specification,
                                  const CheckOptions& options = {});

}  // namespace ashlar::linearizability

#endif  // ASHLAR_STRESS_LINEARIZABILITY_CHECKER_H_
