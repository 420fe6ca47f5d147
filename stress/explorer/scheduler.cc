#include "stress/explorer/scheduler.h"

#include "stress/explorer/failure.h"
#include "stress/explorer/progress.h"

namespace ashlar::explorer {

Schedule g_schedule;

namespace {

using Mask = std::uint64_t;

Mask BitOf(unsigned id) { return Mask{1} << id; }
unsigned LowestOf(Mask mask) { return static_cast<unsigned>(__builtin_ctzll(mask)); }
unsigned CountOf(Mask mask) { return static_cast<unsigned>(__builtin_popcountll(mask)); }

// Threads are numbered for a choice: the running one first, if it may run, the others by id.
unsigned NthOf(Mask mask, std::uint32_t n) {
  if ((mask & BitOf(g_me->id)) != 0) {
    if (n == 0) return g_me->id;
    mask &= ~BitOf(g_me->id);
    --n;
  }
  while (n-- > 0) mask &= mask - 1;
  return LowestOf(mask);
}

std::uint32_t RankOf(Mask mask, unsigned id) {
  const bool has_me = (mask & BitOf(g_me->id)) != 0;
  if (has_me && id == g_me->id) return 0;
  mask &= ~BitOf(g_me->id);
  return CountOf(mask & (BitOf(id) - 1)) + (has_me ? 1U : 0U);
}

unsigned HighestPriority(Mask mask) {
  unsigned best = LowestOf(mask);
  for (Mask rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
    if (g_fibers[LowestOf(rest)].priority > g_fibers[best].priority) best = LowestOf(rest);
  }
  return best;
}

// PCT. Who has the highest priority keeps it until the next fall.
unsigned PickByPriority(Mask mask) {
  std::uint32_t run = UINT32_MAX;
  for (unsigned i = 0; i < g_choices.falls; ++i) {
    const std::uint32_t fall = g_choices.falls_at[i];
    if (fall == g_schedule.steps) g_me->priority = --g_choices.lowest;
    if (fall > g_schedule.steps && fall - g_schedule.steps <= run) run = fall - g_schedule.steps - 1;
  }
  g_schedule.run = run;
  return HighestPriority(mask);
}

// By chance the running thread goes on, some steps long: each with the probability of a stay. Then
// anybody does.
unsigned PickByChance(Mask mask, Kind kind) {
  if (kind == Kind::kSwitch && !g_schedule.run_drawn) {
    const std::uint32_t stays = DrawStays();
    if (stays > 0) {
      g_schedule.run = stays - 1;
      g_schedule.run_drawn = true;
      return g_me->id;
    }
  }
  EndRun();
  return NthOf(mask, OutOf(CountOf(mask), Random()));
}

// POS: the step that is taken draws new priorities for itself and for all that conflict with it.
unsigned PickByConflict(Mask mask) {
  const unsigned chosen = HighestPriority(mask);
  const auto draw = [] { return static_cast<std::int32_t>(Random() >> 2); };
  for (Mask rest = mask & ~BitOf(chosen); rest != 0; rest &= rest - 1) {
    Fiber& other = g_fibers[LowestOf(rest)];
    if (Conflict(other.pending, g_fibers[chosen].pending)) other.priority = draw();
  }
  g_fibers[chosen].priority = draw();
  return chosen;
}

// Depth first with sleep sets (Godefroid, LNCS 1032): a thread whose step was explored from this
// point before need not run until somebody takes a step that conflicts with it.
unsigned PickFromTree(Mask mask, Kind kind) {
  const Mask awake = mask & ~g_schedule.asleep;
  if (awake == 0) Prune();
  const bool bounded = kind == Kind::kSwitch && (awake & BitOf(g_me->id)) != 0 &&
                       g_schedule.preemptions >= g_schedule.most_preemptions;
  std::uint32_t answer = 0;
  if (bounded && CountOf(awake) > 1) {
    g_schedule.cut = true;
  } else {
    answer = CountOf(awake) > 1 ? AskSource(CountOf(awake), kind) : 0;
  }
  const unsigned chosen = NthOf(awake, answer);
  if (kind == Kind::kSwitch && chosen != g_me->id) ++g_schedule.preemptions;
  if (!g_schedule.uses_sleep) return chosen;
  for (std::uint32_t i = 0; i < answer; ++i) g_schedule.asleep |= BitOf(NthOf(awake, i));
  const Pending& step = g_fibers[chosen].pending;
  for (Mask rest = g_schedule.asleep; rest != 0; rest &= rest - 1) {
    const unsigned sleeper = LowestOf(rest);
    if (Conflict(g_fibers[sleeper].pending, step)) g_schedule.asleep &= ~BitOf(sleeper);
  }
  return chosen;
}

// Some thread of `mask`.
unsigned Pick(Mask mask) {
  const Kind kind = (mask & BitOf(g_me->id)) != 0 ? Kind::kSwitch : Kind::kNext;
  unsigned chosen;
  if (kind == Kind::kNext) EndRun();
  switch (g_choices.source) {
    case Source::kChance: chosen = PickByChance(mask, kind); break;
    case Source::kPriorities: chosen = PickByPriority(mask); break;
    case Source::kConflicts: chosen = PickByConflict(mask); break;
    case Source::kTree: chosen = PickFromTree(mask, kind); break;
    default: return NthOf(mask, Ask(CountOf(mask), kind));
  }
  Answered(CountOf(mask), RankOf(mask, chosen), kind);
  return chosen;
}

// Nobody can run: those who wait with a time limit give up. False: there is nobody of that kind.
bool LetTimePass() {
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    Fiber& fiber = g_fibers[id];
    if (fiber.status != Status::kTimed) continue;
    fiber.status = Status::kReady;
    fiber.timed_out = true;
    g_ready |= BitOf(id);
  }
  return g_ready != 0;
}

// All that live wait, or all are done. The execution is over either way.
[[noreturn]] void EndExecution() {
  if (g_progress.stopped != 0) {
    JudgeBlocked();
  } else {
    for (unsigned id = 1; id < g_fiber_count && !HasFailed(); ++id) {
      if (g_fibers[id].status == Status::kBlocked) Die("deadlock: T%u waits for ever", id);
    }
  }
  SwitchTo(g_fibers[0]);
  __builtin_unreachable();
}

void GoOn(Mask mask) {
  const unsigned chosen = Pick(mask);
  if (chosen == g_me->id) return;
  ++g_schedule.switches;
  SwitchTo(g_fibers[chosen]);
}

}  // namespace

void RecordStay() { Answered(CountOf(g_ready), 0, Kind::kSwitch); }

void Reschedule(bool make_way) {
  Mask mask = g_ready;
  if ((mask & (mask - 1)) == 0 && !g_schedule.always_ask) {
    g_schedule.run = UINT32_MAX;
    g_me->fruitless = 0;
    return;
  }
  if (make_way) {
    g_me->fruitless = 0;
    if ((mask & ~BitOf(g_me->id)) != 0) mask &= ~BitOf(g_me->id);
    if (g_choices.source == Source::kPriorities) g_me->priority = --g_choices.lowest;
  }
  GoOn(mask);
}

void StepLimitReached() {
  if (g_progress.stopped != 0) JudgeSpinning();
  Die("step limit: after %u steps T%u still runs: a livelock, or raise max_steps",
      g_schedule.most_steps, unsigned{g_me->id});
}

void StopHere(std::uint32_t pc) {
  NoteStop(pc);
  g_me->status = Status::kStopped;
  g_ready &= ~BitOf(g_me->id);
  if (g_ready == 0 && !LetTimePass()) EndExecution();
  GoOn(g_ready);
  __builtin_unreachable();
}

bool Block(std::uintptr_t address, bool timed) {
  Fiber& me = *g_me;
  me.status = timed ? Status::kTimed : Status::kBlocked;
  me.waits_for = address;
  me.timed_out = false;
  g_ready &= ~BitOf(me.id);
  if (++g_schedule.steps > g_schedule.most_steps) StepLimitReached();
  if (g_ready == 0 && !LetTimePass()) EndExecution();
  GoOn(g_ready);
  me.waits_for = 0;
  return me.timed_out;
}

namespace {

void Awaken(Fiber& fiber) {
  EndRun();
  fiber.status = Status::kReady;
  g_ready |= BitOf(fiber.id);
}

bool WaitsFor(const Fiber& fiber, std::uintptr_t address) {
  return (fiber.status == Status::kBlocked || fiber.status == Status::kTimed) &&
         fiber.waits_for == address;
}

}  // namespace

unsigned WakeAll(std::uintptr_t address) {
  unsigned count = 0;
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    if (!WaitsFor(g_fibers[id], address)) continue;
    Awaken(g_fibers[id]);
    ++count;
  }
  return count;
}

bool WakeOne(std::uintptr_t address) {
  unsigned waiting[kMaxThreads];
  unsigned count = 0;
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    if (WaitsFor(g_fibers[id], address)) waiting[count++] = id;
  }
  if (count == 0) return false;
  Awaken(g_fibers[waiting[Ask(count, Kind::kProgram)]]);
  return true;
}

void Finish() {
  Step(HandleOf(*g_me), true);
  g_me->status = Status::kDone;
  g_ready &= ~BitOf(g_me->id);
  WakeAll(HandleOf(*g_me));
  if (g_ready == 0 && !LetTimePass()) EndExecution();
  GoOn(g_ready);
  __builtin_unreachable();
}

}  // namespace ashlar::explorer
