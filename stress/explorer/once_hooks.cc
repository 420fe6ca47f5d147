// once_hooks.cc - what happens once: pthread_once, initialisation of statics; and what happens at a
// thread's end.
#include <pthread.h>

#include <cstdint>

#include "stress/explorer/active.h"
#include "stress/explorer/atomic_access.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/real.h"
#include "stress/explorer/sync_object.h"

namespace std {
// Thread-locals of libstdc++.so, where its __once_proxy looks for what call_once hands over.
extern __thread void* __once_callable;
extern __thread void (*__once_call)();
}  // namespace std

using namespace ashlar::explorer;  // NOLINT: everything here stands outside by its nature

namespace {

// The states of a pthread_once_t, of the C library's.
constexpr int kOnceDone = 2;

std::uintptr_t AddressOf(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

}  // namespace

extern "C" {

int pthread_once(pthread_once_t* once, void (*run)()) {
  if (!g_active) return ASHLAR_REAL(pthread_once)(once, run);
  LockMutex(AddressOf(once), Attempt::kWait, false, 0);
  CellOf(AddressOf(once));  // rolled back, if it is a global's
  // Whoever unwinds from here leaves it undone, and unlocked.
  struct Unlock {
    pthread_once_t* once;
    ~Unlock() { UnlockMutex(AddressOf(once), 0); }
  } unlock{once};
  if (*once != kOnceDone) {
    if (g_me->once_call != nullptr) {  // not with GCC, which knows the right place
      std::__once_callable = g_me->once_callable;
      std::__once_call = g_me->once_call;
    }
    run();
    *once = kOnceDone;
  }
  return 0;
}

// The first byte of a guard says that the static is initialised; code looks at it with an acquire
// load before it calls.
int __cxa_guard_acquire(std::uint64_t* guard) {
  if (!g_active) return reinterpret_cast<int (*)(std::uint64_t*)>(ASHLAR_REAL_SYMBOL("__cxa_guard_acquire"))(guard);
  LockMutex(AddressOf(guard), Attempt::kWait, false, 0);
  if (*reinterpret_cast<volatile std::uint8_t*>(guard) == 0) return 1;
  UnlockMutex(AddressOf(guard), 0);
  return 0;
}
void __cxa_guard_release(std::uint64_t* guard) {
  if (!g_active) return reinterpret_cast<void (*)(std::uint64_t*)>(ASHLAR_REAL_SYMBOL("__cxa_guard_release"))(guard);
  AtomicStore<1>(AddressOf(guard), 1, kRelease, 0);
  UnlockMutex(AddressOf(guard), 0);
}
void __cxa_guard_abort(std::uint64_t* guard) {
  if (!g_active) return reinterpret_cast<void (*)(std::uint64_t*)>(ASHLAR_REAL_SYMBOL("__cxa_guard_abort"))(guard);
  UnlockMutex(AddressOf(guard), 0);
}

int __cxa_thread_atexit(void (*run)(void*), void* argument, void* library) {
  if (!g_active) {
    using Function = int (*)(void (*)(void*), void*, void*);
    return reinterpret_cast<Function>(ASHLAR_REAL_SYMBOL("__cxa_thread_atexit"))(run, argument, library);
  }
  Fiber& me = *g_me;
  if (me.destructor_count == Fiber::kMaxDestructors) {
    Die("more than %u thread_local variables with destructors", Fiber::kMaxDestructors);
  }
  me.destructors[me.destructor_count++] = {run, argument};
  return 0;
}
}
