// process.h - what an execution knows of itself as a process: who is told of forks, and whether it
// goes on as a child.
//
// A fork is a choice: the execution goes on as the parent, to which the child is a process that ends
// well somewhere else, or as the child, in which only the thread that forked is left. What the other
// threads had done by then is done and known to it; what they were in the midst of stays so: a lock
// that one of them held is held for ever.
#ifndef ASHLAR_STRESS_EXPLORER_PROCESS_H_
#define ASHLAR_STRESS_EXPLORER_PROCESS_H_

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// At the start of each execution: only what was registered before all of them is told of forks.
void ResetProcess();

// The memory of threads that a fork left behind is no leak.
[[nodiscard]] bool IsForkedChild();

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_PROCESS_H_
