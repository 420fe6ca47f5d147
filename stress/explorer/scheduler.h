// scheduler.h - who runs next. Each operation that others can observe begins with a Step().
#ifndef ASHLAR_STRESS_EXPLORER_SCHEDULER_H_
#define ASHLAR_STRESS_EXPLORER_SCHEDULER_H_

#include <cstdint>

#include "stress/explorer/choices.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/limits.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Schedule {
  std::uint32_t steps = 0;
  std::uint32_t most_steps = 0;
  std::uint32_t run = 0;          // steps that the running thread takes before anybody is asked
  bool run_drawn = false;         // its length was: where it ends, somebody else may go on
  std::uint64_t switches = 0;
  bool always_ask = false;        // a strategy that must see each step
  std::uint64_t asleep = 0;       // kTree: threads whose next step was explored from here already
  std::uint32_t preemptions = 0;
  std::uint32_t most_preemptions = UINT32_MAX;
  bool uses_sleep = false;
  bool heap_steps = false;        // the order of heap calls is looked at, too
  bool cut = false;               // some bound on what is explored was reached
};
extern Schedule g_schedule;

// Another thread became ready: what was said of the next steps does not hold any more.
inline void EndRun() {
  g_schedule.run = 0;
  g_schedule.run_drawn = false;
}

// A step of a run, where answers are recorded.
[[gnu::noinline, gnu::cold]] void RecordStay();
// Picks the thread that goes on, and switches to it.
[[gnu::noinline]] void Reschedule(bool make_way);
[[noreturn, gnu::cold]] void StepLimitReached();
// The calling thread stops for ever.
[[gnu::noinline, gnu::cold]] void StopHere(std::uint32_t pc);

// What the calling thread does next touches `object`.
ASHLAR_HOT void Step(std::uintptr_t object, bool writes, bool seq_cst = false) {
  if (++g_schedule.steps > g_schedule.most_steps) [[unlikely]] StepLimitReached();
  Fiber& me = *g_me;
  me.pending = {object, writes, seq_cst};
  const bool make_way = me.fruitless > kFruitless;
  if (g_schedule.run != 0 && !make_way) [[likely]] {
    --g_schedule.run;
    if (g_choices.recording) [[unlikely]] RecordStay();
    return;
  }
  Reschedule(make_way);
}

// The same for an atomic access: a place where the progress oracle stops threads.
ASHLAR_HOT void AtomicStep(std::uintptr_t object, bool writes, bool seq_cst, std::uint32_t pc) {
  Step(object, writes, seq_cst);
  if (++g_me->atomics == g_me->stop_at) [[unlikely]] StopHere(pc);
}

// Waits until Wake(address). `timed`: may also give up when nobody else can run; true if it did.
bool Block(std::uintptr_t address, bool timed = false);
// How many waited.
unsigned WakeAll(std::uintptr_t address);
// False: nobody waits.
bool WakeOne(std::uintptr_t address);

// Ends the running thread.
[[noreturn]] void Finish();

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_SCHEDULER_H_
