// weaken.h - is each memory order needed? Every atomic access that an exploration met is weakened by
// itself, at run time, and the exploration is run again: it must fail.
#ifndef ASHLAR_STRESS_EXPLORER_WEAKEN_H_
#define ASHLAR_STRESS_EXPLORER_WEAKEN_H_

#include "stress/explorer/execution.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// ASHLAR_WEAKEN names a file; each mutant is a line at its end, fields separated by tabs:
//   place  function  verb  order  weakened order  executions, or "survives"  exploration  failure
[[nodiscard]] bool WeakeningIsAsked();
void WeakenEachSite(const Body& body, const Options& options, const char* name);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_WEAKEN_H_
