#include "stress/explorer/fiber.h"

#include <cxxabi.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "stress/explorer/failure.h"
#include "stress/explorer/image.h"
#include "stress/explorer/progress.h"
#include "stress/explorer/real.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/sync_object.h"
#include "stress/explorer/tables.h"
#include "stress/explorer/thread_locals.h"

extern "C" void ashlar_explorer_switch(void** from, void* to);
asm(R"(
.text
.type ashlar_explorer_switch,@function
ashlar_explorer_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size ashlar_explorer_switch,.-ashlar_explorer_switch
)");

namespace ashlar::explorer {

Fiber* g_fibers;
Fiber* g_me;
unsigned g_fiber_count;
std::uint64_t g_ready;
unsigned g_chunks = 1;

namespace {

ExceptionState* g_exceptions;  // of the real thread
bool g_lends;                  // each fiber runs on the thread-locals of a parked thread
bool g_has_fsgsbase;

// A parked thread lends its thread control block and thread-locals (where the compiler has no
// emulated ones) and its stack.
void* Park(void* fiber) {
  Fiber& lent_to = *static_cast<Fiber*>(fiber);
  std::uint32_t never = 0;
  lent_to.stack_top = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - 4096;
  __atomic_store_n(&lent_to.thread_pointer,
                   reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer()), __ATOMIC_SEQ_CST);
  while (true) RealSyscall(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
}

void LendThread(Fiber& fiber) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, reinterpret_cast<void*>(StackOf(fiber.id)), kStackBytes);
  pthread_t thread;
  if (ASHLAR_REAL(pthread_create)(&thread, &attributes, Park, &fiber) != 0) {
    fprintf(stderr, "explorer: no thread to lend thread-locals\n");
    _exit(3);
  }
  while (__atomic_load_n(&fiber.thread_pointer, __ATOMIC_SEQ_CST) == 0) {
    RealSyscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
  }
}

void UseThreadPointer(std::uintptr_t pointer) {
  if (g_has_fsgsbase) {
    asm volatile("wrfsbase %0" ::"r"(pointer));
  } else {
    RealSyscall(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, pointer, 0, 0, 0, 0);
  }
  PlaceRestartableArea(pointer);
}

void RunFiber() {
  g_me->result = g_me->start(g_me->argument);
  FinishFiber();
}

void PrepareStack(Fiber& fiber) {
  static_assert(kThreadLocalBytes * 2 < kStackBytes);
  auto** stack = reinterpret_cast<void**>((fiber.stack_top - 256) & ~std::uintptr_t{63});
  *--stack = nullptr;  // where a return address would be
  *--stack = reinterpret_cast<void*>(&RunFiber);
  for (int i = 0; i < 6; ++i) *--stack = nullptr;  // the registers that a switch restores
  fiber.stack_pointer = stack;
}

unsigned FreeSlot() {
  for (unsigned id = 1; id < kMaxThreads; ++id) {
    const Fiber& fiber = g_fibers[id];
    if (fiber.status == Status::kNone) return id;
    if (fiber.status == Status::kDone && (fiber.joined || fiber.detached)) return id;
  }
  Die("more than %u threads at once", kMaxThreads - 1);
}

// Asked at each frame of a stack that pthread_exit unwinds.
_Unwind_Reason_Code StopAtItsEnd(int, _Unwind_Action actions, _Unwind_Exception_Class,
                                 _Unwind_Exception*, _Unwind_Context*, void*) {
  if ((actions & _UA_END_OF_STACK) != 0) FinishFiber();
  return _URC_NO_REASON;
}

}  // namespace

void InitializeFibers() {
  g_fibers = NewTable<Fiber>(kMaxThreads);
  for (unsigned id = 0; id < kMaxThreads; ++id) {
    g_fibers[id].id = static_cast<std::uint8_t>(id);
    g_fibers[id].stack_top = StackOf(id) + kStackBytes;
  }
  g_me = &g_fibers[0];
  g_exceptions = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  g_has_fsgsbase = (getauxval(AT_HWCAP2) & 2) != 0;
  // Where the compiler emulates thread-locals, real ones are those of code that was not rebuilt, as
  // libFuzzer: it runs between executions.
  g_lends = g_image.thread_locals_bytes > 0 && !ASHLAR_EMULATED_THREAD_LOCALS;
  if (!g_lends) return;
  for (unsigned id = 1; id < kMaxThreads; ++id) LendThread(g_fibers[id]);
  g_fibers[0].thread_pointer = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
}

void ResetFibers() {
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    g_fibers[id].status = Status::kNone;
    Clear(g_fibers[id].knows.clock);
  }
  g_me = &g_fibers[0];
  Clear(g_me->knows.clock);
  g_fiber_count = 1;
  g_ready = 0;
  g_chunks = 1;
}

Fiber& StartFiber(void* (*start)(void*), void* argument) {
  const unsigned id = FreeSlot();
  Fiber& fiber = g_fibers[id];
  if (id >= g_fiber_count) {
    g_fiber_count = id + 1;
    if (id / kLanes >= g_chunks) WidenTables();
  }
  const std::uint32_t epoch = fiber.status == Status::kNone ? 0 : fiber.knows.clock.at[id];
  fiber.status = Status::kReady;
  fiber.joined = fiber.detached = fiber.timed_out = false;
  fiber.waits_for = 0;
  fiber.pending = {HandleOf(fiber), false, false};  // until its first step nobody can tell that it ran
  fiber.fruitless = 0;
  fiber.last_pc = fiber.last_location = 0;
  fiber.atomics = 0;
  fiber.stop_at = id == g_progress.victim ? g_progress.victim_at : 0;
  Copy(fiber.knows, g_me->knows);
  fiber.knows.clock.at[id] = fiber.knows.view.at[id] = epoch + 1;
  for (unsigned c = 0; c < g_chunks; ++c) {
    FillLanes(fiber.pending_acquire.clock.at + c * kLanes, 0);
    FillLanes(fiber.pending_acquire.view.at + c * kLanes, 0);
  }
  fiber.has_pending_acquire = fiber.has_released = false;
  BeginEpoch(*g_me);
  fiber.start = start;
  fiber.argument = argument;
  fiber.exceptions = {};
  fiber.error_number = 0;
  fiber.once_callable = nullptr;
  fiber.once_call = nullptr;
  fiber.destructor_count = 0;
  fiber.depth = 0;
  for (void*& value : fiber.keys) value = nullptr;
  ++fiber.lives;
  fiber.thread_local_top = StackOf(id);
  if (g_lends) RestoreThreadLocals(fiber.thread_pointer);
  PrepareStack(fiber);
  fiber.priority = static_cast<std::int32_t>(1000 + Random() % 100000);
  g_ready |= std::uint64_t{1} << id;
  EndRun();
  return fiber;
}

void SwitchTo(Fiber& to) {
  Fiber& from = *g_me;
  g_me = &to;
  if (g_lends) {
    UseThreadPointer(to.thread_pointer);
  } else {
    from.exceptions = *g_exceptions;
    *g_exceptions = to.exceptions;
    from.error_number = errno;
    errno = to.error_number;
    ShowProcessor(to.id);
  }
  ashlar_explorer_switch(&from.stack_pointer, to.stack_pointer);
}

Fiber* FiberOf(std::uintptr_t handle) {
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    if (HandleOf(g_fibers[id]) == handle && g_fibers[id].status != Status::kNone) return &g_fibers[id];
  }
  return nullptr;
}

void UnwindFiber(void* result) {
  g_me->result = result;
  g_me->unwinding = {};
  _Unwind_ForcedUnwind(&g_me->unwinding, StopAtItsEnd, nullptr);
  Die("pthread_exit: the stack of T%u cannot be unwound", unsigned{g_me->id});
}

void FinishFiber() {
  Fiber& me = *g_me;
  if (me.atomics > g_progress.most_accesses) g_progress.most_accesses = me.atomics;
  while (me.destructor_count > 0) {
    const Destructor destructor = me.destructors[--me.destructor_count];
    destructor.run(destructor.argument);
  }
  RunKeyDestructors(me);
  Finish();
}

}  // namespace ashlar::explorer
