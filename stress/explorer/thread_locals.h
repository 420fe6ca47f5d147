// thread_locals.h - thread_local variables and pthread keys of fibers, and the processor they see.
//
// clang compiles explored code with -femulated-tls: each access asks __emutls_get_address, which
// answers with the running fiber's copy. GCC knows no such flag for this target: there each fiber
// borrows the thread-locals of a parked thread (fiber.cc), at the price of a system call a switch
// where the processor does not let programs set the thread pointer.
#ifndef ASHLAR_STRESS_EXPLORER_THREAD_LOCALS_H_
#define ASHLAR_STRESS_EXPLORER_THREAD_LOCALS_H_

#include <cstdint>

#include "stress/explorer/fiber.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// Once in the process.
void InitializeThreadLocals();
// The running thread's pointer is this one now.
void PlaceRestartableArea(std::uintptr_t thread_pointer);
// At the start of each execution.
void ResetKeys();
// The rounds of destructors of pthread keys, at the end of a fiber.
void RunKeyDestructors(Fiber& fiber);
// Code that asks which processor it runs on is told one that depends on the fiber alone.
void ShowProcessor(unsigned fiber);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_THREAD_LOCALS_H_
