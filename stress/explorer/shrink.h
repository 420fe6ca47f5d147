// shrink.h - makes a failing execution plainer: fewer operations of the program, then fewer
// preemptions, then fewer stale reads, as long as it fails in the same way.
#ifndef ASHLAR_STRESS_EXPLORER_SHRINK_H_
#define ASHLAR_STRESS_EXPLORER_SHRINK_H_

#include "stress/explorer/execution.h"
#include "stress/explorer/recording.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// `recording` fails with what g_failure says; afterwards too, and is no longer than it was in the
// order above. Bounded: some thousand executions, or two seconds.
void Shrink(const Body& body, const Options& options, Recording* recording);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_SHRINK_H_
