// operation.h - one call of a concurrent object, as the thread that made it saw it.
#ifndef ASHLAR_STRESS_LINEARIZABILITY_OPERATION_H_
#define ASHLAR_STRESS_LINEARIZABILITY_OPERATION_H_

#include <cstdint>

namespace ashlar::linearizability {

using Value = std::int64_t;
inline constexpr Value kNone = INT64_MIN;  // an empty stack's answer; what void functions return

// What was called: `verb` as the specification numbers them, and its arguments.
struct Call {
  int verb;
  Value first = kNone;
  Value second = kNone;
};

// Nanoseconds, or whatever else only grows.
using Time = std::int64_t;
inline constexpr Time kNever = INT64_MAX;

struct Operation {
  Call call;
  Value result = kNone;
  Time invoked = 0;
  Time responded = kNever;

  // Else it never returned: it may have taken effect, or not, and its result is unknown.
  [[nodiscard]] bool IsComplete() const { return responded != kNever; }
};

}  // namespace ashlar::linearizability

#endif  // ASHLAR_STRESS_LINEARIZABILITY_OPERATION_H_
