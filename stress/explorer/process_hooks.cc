// process_hooks.cc - fork, who is told of it, waiting for children, and the end of the process.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

#include "stress/explorer/active.h"
#include "stress/explorer/choices.h"
#include "stress/explorer/event.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/process.h"
#include "stress/explorer/real.h"
#include "stress/explorer/scheduler.h"

// glibc's pthread_atfork is linked statically and calls this.
extern "C" {
int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(), void* object);
extern void* __dso_handle;
}

namespace ashlar::explorer {
namespace {

struct Handlers {
  void (*prepare)();
  void (*parent)();
  void (*child)();
};
constexpr unsigned kMaxHandlers = 64;
Handlers g_handlers[kMaxHandlers];
unsigned g_handler_count;
unsigned g_older_handlers;  // registered outside of all executions

constexpr pid_t kFirstChild = 1 << 22;  // beyond what the kernel gives
unsigned g_forks;
unsigned g_waited;
pid_t g_pid;  // of a child; 0: this is none

void Call(void (*handler)()) {
  if (handler != nullptr) handler();
}

// All that the others did is in the memory that the child gets a copy of.
void LeaveOthersBehind() {
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    Fiber& other = g_fibers[id];
    if (&other == g_me || other.status == Status::kNone) continue;
    Join(g_me->knows, other.knows);
    if (other.status != Status::kDone) other.status = Status::kStopped;
  }
  g_ready = std::uint64_t{1} << g_me->id;
}

pid_t Fork(std::uint32_t pc) {
  for (unsigned i = g_handler_count; i-- > 0;) Call(g_handlers[i].prepare);
  AtomicStep(0, true, true, pc);
  const pid_t child = kFirstChild + static_cast<pid_t>(g_forks++);
  const bool is_child = Ask(2, Kind::kProgram) == 1;
  Note(Verb::kFork, pc, 0, 0, is_child, 0);
  if (is_child) {
    g_pid = child;
    g_waited = g_forks;  // children of its parent are none of its own
    LeaveOthersBehind();
  }
  for (unsigned i = 0; i < g_handler_count; ++i) {
    Call(is_child ? g_handlers[i].child : g_handlers[i].parent);
  }
  return is_child ? 0 : child;
}

pid_t WaitForChild(int* status) {
  if (g_waited == g_forks) {
    errno = ECHILD;
    return -1;
  }
  if (status != nullptr) *status = 0;
  return kFirstChild + static_cast<pid_t>(g_waited++);
}

// The process ends, as the body wants it.
[[noreturn]] void Exit(int status, std::uint32_t pc) {
  if (g_pid == 0) DieAt(pc, 0, "exit(%d) called by T%u", status, unsigned{g_me->id});
  if (status != 0) DieAt(pc, 0, "exit(%d) called by T%u of a child", status, unsigned{g_me->id});
  SwitchTo(g_fibers[0]);
  __builtin_unreachable();
}

}  // namespace

void ResetProcess() {
  g_handler_count = g_older_handlers;
  g_forks = g_waited = 0;
  g_pid = 0;
}

bool IsForkedChild() { return g_pid != 0; }

}  // namespace ashlar::explorer

using namespace ashlar::explorer;  // NOLINT: what follows stands outside by its nature

#define HERE PlaceOf(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)))

extern "C" {

int pthread_atfork(void (*prepare)(), void (*parent)(), void (*child)()) noexcept {
  if (g_handler_count == kMaxHandlers) return ENOMEM;
  if (!g_active) {
    const int error = __register_atfork(prepare, parent, child, &__dso_handle);
    if (error != 0) return error;
    ++g_older_handlers;
  }
  g_handlers[g_handler_count++] = {prepare, parent, child};
  return 0;
}

pid_t fork() noexcept { return g_active ? Fork(HERE) : ASHLAR_REAL(fork)(); }

pid_t getpid() noexcept {
  if (g_active && g_pid != 0) return g_pid;
  return static_cast<pid_t>(RealSyscall(SYS_getpid, 0, 0, 0, 0, 0, 0));
}

pid_t wait(int* status) { return g_active ? WaitForChild(status) : ASHLAR_REAL(wait)(status); }

pid_t waitpid(pid_t child, int* status, int options) {
  if (!g_active) return ASHLAR_REAL(waitpid)(child, status, options);
  return WaitForChild(status) < 0 ? -1 : child > 0 ? child : kFirstChild;
}

void _exit(int status) {
  if (g_active) Exit(status, HERE);
  RealSyscall(SYS_exit_group, status, 0, 0, 0, 0, 0);
  __builtin_unreachable();
}
[[gnu::alias("_exit")]] void _Exit(int) noexcept;

void exit(int status) noexcept {
  if (g_active) Exit(status, HERE);
  ASHLAR_REAL(exit)(status);
  __builtin_unreachable();
}
}
