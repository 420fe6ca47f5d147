// crash_verdict.h - an allocator that crashes has failed, and that is said like any other failure.
#ifndef ASHLAR_STRESS_JOB_CRASH_VERDICT_H_
#define ASHLAR_STRESS_JOB_CRASH_VERDICT_H_

#include <string>

namespace ashlar::stress {

// From now on a crash of the process (a bad access, an abort, a stack that overflows in the calling
// thread or in one that has a SignalStack) writes one line that names the scenario and how to run
// it again, and ends the process with exit code 1. Under a sanitizer, whose report says more,
// nothing is changed. Once; one thread.
void TurnCrashesIntoVerdicts();

// What that line says. One thread, while no trial runs.
void SetCrashVerdict(const std::string& scenario, const std::string& how_to_repeat);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_JOB_CRASH_VERDICT_H_
