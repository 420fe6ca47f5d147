// virtual_time.h - the clock of an execution: each step takes a microsecond, and whoever sleeps or
// gives up waiting skips to when that ends. All clocks of the system show the same.
#ifndef ASHLAR_STRESS_EXPLORER_VIRTUAL_TIME_H_
#define ASHLAR_STRESS_EXPLORER_VIRTUAL_TIME_H_

#include <time.h>

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// At the start of each execution.
void ResetTime();

[[nodiscard]] timespec TimeNow();
[[nodiscard]] timespec TimeAfter(const timespec& span);

// It is `time` or later from here on; what is further away than some decades is not reached.
void SkipTo(const timespec& time);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_VIRTUAL_TIME_H_
