// run_program.h - what a concurrent fuzz target consists of: `RunProgram`, which it defines, and how
// that is run.
//
// Built as an explored target (ashlar_explored_fuzz_test) one input is up to eight executions under
// the schedule explorer: the first takes its choices from the input's schedule, the others take
// theirs by strategies in turn, from a seed that is a hash of the input. So the fuzzer chooses both
// what the threads do and how they meet, and one input is always the same executions. Built as an
// ordinary target the threads are the system's, once for each input: for ASan and TSan.
#ifndef ASHLAR_FUZZ_RUN_PROGRAM_H_
#define ASHLAR_FUZZ_RUN_PROGRAM_H_

#include "fuzz/program.h"

namespace ashlar::fuzz {

// Defined by the target. Starts the program's threads and joins them, and looks whether all is as it
// must be. Keeps no state between calls.
void RunProgram(const Program& program);

// Ends the process, which a fuzzer takes for a crash, or the execution if there is an explorer.
#define ASHLAR_FUZZ_CHECK(condition)                                                    \
  do {                                                                                  \
    if (!(condition)) ::ashlar::fuzz::ProgramFailed(__FILE__, __LINE__, #condition); \
  } while (false)
[[noreturn]] void ProgramFailed(const char* file, int line, const char* what);

}  // namespace ashlar::fuzz

#endif  // ASHLAR_FUZZ_RUN_PROGRAM_H_
