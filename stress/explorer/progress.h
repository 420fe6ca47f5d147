// progress.h - the progress oracle: one thread has stopped for ever; do the others end?
#ifndef ASHLAR_STRESS_EXPLORER_PROGRESS_H_
#define ASHLAR_STRESS_EXPLORER_PROGRESS_H_

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Progress {
  bool asked = false;          // by the options
  unsigned victim = 0;         // the thread that is to stop, in this execution
  std::uint32_t victim_at = 0;  // at which of its atomic accesses
  unsigned stopped = 0;        // the thread that did; 0: none yet
  std::uint32_t stopped_pc = 0;
  std::uint32_t most_accesses = 1;  // atomic accesses of one thread, in the executions so far
  std::uint64_t excused = 0;   // executions in which a declared function blocked
};
extern Progress g_progress;

// Chooses who stops in execution `number`, and where: each thread at each of its first accesses in
// turn.
void PlanStop(std::uint64_t number);
// The running thread stops.
void NoteStop(std::uint32_t pc);
// All live threads wait, one is stopped. Waiting for it to end is no fault; anything else is.
void JudgeBlocked();
// The running thread spins without end.
void JudgeSpinning();

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_PROGRESS_H_
