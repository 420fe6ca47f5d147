// fiber.h - the threads of an execution: contexts that one real thread switches between.
#ifndef ASHLAR_STRESS_EXPLORER_FIBER_H_
#define ASHLAR_STRESS_EXPLORER_FIBER_H_

#include <unwind.h>

#include <cstddef>
#include <cstdint>

#include "stress/explorer/clock.h"
#include "stress/explorer/image.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

enum class Status : std::uint8_t {
  kNone,      // the slot is free
  kReady,     // may run
  kBlocked,   // waits for an address
  kTimed,     // the same, and may give up when nobody else can run
  kStopped,   // for ever: by the progress oracle, or left behind by a fork
  kDone,
};

// What a thread will do when it runs next; for strategies that ask what conflicts with what.
struct Pending {
  std::uintptr_t object;  // 0: conflicts with everything
  bool writes;
  bool seq_cst;  // an operation that is ordered with seq_cst fences
};

// Stands for fences as an object.
inline constexpr std::uintptr_t kFences = 1;

inline bool Conflict(const Pending& a, const Pending& b) {
  if (a.object == 0 || b.object == 0) return true;
  if (a.object == b.object) return a.writes || b.writes;
  return a.seq_cst && b.seq_cst && (a.object == kFences || b.object == kFences);
}

struct Destructor {
  void (*run)(void*);
  void* argument;
};

// What the C++ runtime keeps for each thread outside the program: caught exceptions.
struct ExceptionState {
  void* caught;
  unsigned uncaught;
};

struct Fiber {
  static constexpr unsigned kMaxDestructors = 64;
  static constexpr unsigned kMaxStack = 192;  // return addresses that a report can show
  static constexpr unsigned kMaxKeys = 64;
  static constexpr unsigned kMaxThreadLocals = 256;

  // Scheduling.
  Status status;
  bool joined, detached, timed_out;
  std::uint8_t id;
  std::uintptr_t waits_for;
  Pending pending;
  std::int32_t priority;
  std::uint32_t fruitless;      // grows with accesses that change nothing; see NoteFruitless
  std::uint32_t last_pc, last_location;
  std::uint64_t last_value;
  std::uint32_t atomics;        // atomic accesses so far
  std::uint32_t stop_at;        // the one at which it stops for ever; 0: none

  // What it knows.
  Knowledge knows;    // what happened before
  Knowledge pending_acquire;  // what relaxed reads add at the next acquire fence
  Knowledge released;         // what relaxed stores publish since the last release fence
  bool has_pending_acquire, has_released;

  // Its context.
  void* stack_pointer;
  std::uintptr_t stack_top;
  std::uintptr_t thread_pointer;  // of the thread that lends its thread-locals; 0: not needed
  void* (*start)(void*);
  void* argument;
  void* result;
  _Unwind_Exception unwinding;  // by pthread_exit
  ExceptionState exceptions;
  void* once_callable;  // what call_once hands to the function that pthread_once calls
  void (*once_call)();
  int error_number;
  std::uint32_t lives;  // how often the slot was used, in all executions

  Destructor destructors[kMaxDestructors];
  unsigned destructor_count;
  void* keys[kMaxKeys];
  struct ThreadLocal {
    void* address;
    std::uint32_t life;
  } thread_locals[kMaxThreadLocals];
  std::uintptr_t thread_local_top;

  std::uint32_t stack[kMaxStack];
  unsigned depth;
};

extern Fiber* g_fibers;          // kMaxThreads of them; 0 is whoever called Explore
extern Fiber* g_me;              // the running one
extern unsigned g_fiber_count;   // slots used in this execution, 0 included
extern std::uint64_t g_ready;    // one bit for each fiber that is kReady

// What the fiber does from here on is not part of what it published before.
inline void BeginEpoch(Fiber& fiber) {
  ++fiber.knows.clock.at[fiber.id];
  if (g_has_views) fiber.knows.view.at[fiber.id] = fiber.knows.clock.at[fiber.id];
}
inline std::uint32_t EpochOf(const Fiber& fiber) { return fiber.knows.clock.at[fiber.id]; }

// The place of a call for reports: of the function itself, or if that is a library's which was not
// rebuilt, of the innermost function that was.
inline std::uint32_t PlaceOf(std::uintptr_t return_address) {
  const std::uint32_t pc = OffsetOf(return_address);
  if (pc != 0 || g_me->depth == 0 || g_me->depth > Fiber::kMaxStack) return pc;
  return g_me->stack[g_me->depth - 1];
}

inline std::uintptr_t StackOf(unsigned id) { return kArena + id * kStackBytes; }

// Once in the process.
void InitializeFibers();
// At the start of an execution: all slots free.
void ResetFibers();
// A new fiber, ready, that knows what the running one knows; its parent for id 0 is nobody.
Fiber& StartFiber(void* (*start)(void*), void* argument);
// Leaves the running fiber where it is and goes on with `to`.
void SwitchTo(Fiber& to);
// The fiber that pthread_self() of a body calls `handle`; null: none.
Fiber* FiberOf(std::uintptr_t handle);
inline std::uintptr_t HandleOf(const Fiber& fiber) {
  return fiber.thread_pointer != 0 ? fiber.thread_pointer : kArena + fiber.id * kStackBytes;
}

// The running fiber ends here with `result`, as pthread_exit has it: what stands on its stack is
// destroyed.
[[noreturn]] void UnwindFiber(void* result);
// Called on its own stack when the start function returned: destructors, then never again.
[[noreturn]] void FinishFiber();

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_FIBER_H_
