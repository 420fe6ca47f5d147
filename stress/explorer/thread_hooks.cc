// thread_hooks.cc - threads, locks and waiting, as <pthread.h> and <semaphore.h> declare them.
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include <cstdint>

#include "stress/explorer/active.h"
#include "stress/explorer/cell.h"
#include "stress/explorer/choices.h"
#include "stress/explorer/event.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/image.h"
#include "stress/explorer/real.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/sync_object.h"
#include "stress/explorer/virtual_time.h"

using namespace ashlar::explorer;  // NOLINT: everything here stands outside by its nature

namespace {

#define HERE PlaceOf(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)))
#define REAL_UNLESS_ACTIVE(name, ...) \
  if (!g_active) return ASHLAR_REAL(name)(__VA_ARGS__)

template <typename T>
std::uintptr_t AddressOf(const T* p) {
  return reinterpret_cast<std::uintptr_t>(p);
}

int KindOf(const pthread_mutex_t* mutex) { return mutex->__data.__kind & 3; }

// One that looks for errors, and whether the running thread holds it.
bool Checks(const pthread_mutex_t* mutex) { return KindOf(mutex) == PTHREAD_MUTEX_ERRORCHECK_NP; }
bool IsMine(const pthread_mutex_t* mutex) { return SyncObjectAt(AddressOf(mutex)).owner == g_me->id; }

// What a timed attempt returns that is given up.
int TimeoutAt(const timespec* time) {
  SkipTo(*time);
  return ETIMEDOUT;
}

// 0, or EBUSY (kTry), ETIMEDOUT (kWaitTimed, until `time`), EDEADLK.
int Lock(pthread_mutex_t* mutex, Attempt attempt, const timespec* time, std::uint32_t pc) {
  if (attempt != Attempt::kTry && Checks(mutex) && IsMine(mutex)) return EDEADLK;
  if (LockMutex(AddressOf(mutex), attempt, KindOf(mutex) == PTHREAD_MUTEX_RECURSIVE_NP, pc)) return 0;
  return attempt == Attempt::kTry ? EBUSY : TimeoutAt(time);
}

int JoinEnded(Fiber& fiber, void** result, std::uint32_t pc) {
  Join(g_me->knows, fiber.knows);
  g_me->fruitless = 0;
  fiber.joined = true;
  if (result != nullptr) *result = fiber.result;
  Note(Verb::kJoin, pc, 0, fiber.id, 0, 0);
  return 0;
}

int TimedJoin(Fiber& fiber, void** result, const timespec* time, std::uint32_t pc) {
  Step(HandleOf(fiber), true);
  while (fiber.status != Status::kDone) {
    if (Ask(2, Kind::kProgram) == 1) {
      ++g_me->fruitless;
      return TimeoutAt(time);
    }
    if (Block(HandleOf(fiber), true) && fiber.status != Status::kDone) return TimeoutAt(time);
  }
  return JoinEnded(fiber, result, pc);
}

Fiber& FiberOrDie(pthread_t thread, std::uint32_t pc) {
  Fiber* fiber = FiberOf(thread);
  if (fiber == nullptr) DieAt(pc, 0, "join or detach of what is no thread");
  return *fiber;
}

}  // namespace

extern "C" {

// --- Threads. ---

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
  REAL_UNLESS_ACTIVE(pthread_create, thread, attributes, start, argument);
  Step(kArena, true);  // the numbers of threads are given in turn
  Fiber& fiber = StartFiber(start, argument);
  if (attributes != nullptr) {
    int state;
    fiber.detached = pthread_attr_getdetachstate(attributes, &state) == 0 &&
                     state == PTHREAD_CREATE_DETACHED;
  }
  *thread = HandleOf(fiber);
  Note(Verb::kStart, HERE, 0, fiber.id, 0, 0);
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  REAL_UNLESS_ACTIVE(pthread_join, thread, result);
  Fiber& fiber = FiberOrDie(thread, HERE);
  Step(HandleOf(fiber), true);
  if (&fiber == g_me) return EDEADLK;
  while (fiber.status != Status::kDone) Block(HandleOf(fiber));
  return JoinEnded(fiber, result, HERE);
}
int pthread_tryjoin_np(pthread_t thread, void** result) noexcept {
  REAL_UNLESS_ACTIVE(pthread_tryjoin_np, thread, result);
  Fiber& fiber = FiberOrDie(thread, HERE);
  Step(HandleOf(fiber), true);
  if (fiber.status == Status::kDone) return JoinEnded(fiber, result, HERE);
  ++g_me->fruitless;
  return EBUSY;
}
int pthread_timedjoin_np(pthread_t thread, void** result, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_timedjoin_np, thread, result, time);
  return TimedJoin(FiberOrDie(thread, HERE), result, time, HERE);
}
int pthread_clockjoin_np(pthread_t thread, void** result, clockid_t clock, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_clockjoin_np, thread, result, clock, time);
  return TimedJoin(FiberOrDie(thread, HERE), result, time, HERE);
}

int pthread_detach(pthread_t thread) {
  REAL_UNLESS_ACTIVE(pthread_detach, thread);
  FiberOrDie(thread, HERE).detached = true;
  return 0;
}

void pthread_exit(void* result) {
  if (g_active) UnwindFiber(result);
  ASHLAR_REAL(pthread_exit)(result);
  __builtin_unreachable();
}

pthread_t pthread_self() noexcept {
  if (!g_active) {
    return *reinterpret_cast<std::uintptr_t*>(static_cast<char*>(__builtin_thread_pointer()) + 16);
  }
  return HandleOf(*g_me);
}

// --- Mutexes. ---

int pthread_mutex_init(pthread_mutex_t* m, const pthread_mutexattr_t* attributes) {
  if (g_active) ForgetSyncObject(AddressOf(m));
  return ASHLAR_REAL(pthread_mutex_init)(m, attributes);
}
int pthread_mutex_destroy(pthread_mutex_t* m) {
  REAL_UNLESS_ACTIVE(pthread_mutex_destroy, m);
  ForgetSyncObject(AddressOf(m));
  return 0;
}
int pthread_mutex_lock(pthread_mutex_t* m) {
  REAL_UNLESS_ACTIVE(pthread_mutex_lock, m);
  return Lock(m, Attempt::kWait, nullptr, HERE);
}
int pthread_mutex_trylock(pthread_mutex_t* m) {
  REAL_UNLESS_ACTIVE(pthread_mutex_trylock, m);
  return Lock(m, Attempt::kTry, nullptr, HERE);
}
int pthread_mutex_timedlock(pthread_mutex_t* m, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_mutex_timedlock, m, time);
  return Lock(m, Attempt::kWaitTimed, time, HERE);
}
int pthread_mutex_clocklock(pthread_mutex_t* m, clockid_t clock, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_mutex_clocklock, m, clock, time);
  return Lock(m, Attempt::kWaitTimed, time, HERE);
}
int pthread_mutex_unlock(pthread_mutex_t* m) {
  REAL_UNLESS_ACTIVE(pthread_mutex_unlock, m);
  if (Checks(m) && !IsMine(m)) return EPERM;
  UnlockMutex(AddressOf(m), HERE);
  return 0;
}

int pthread_spin_init(pthread_spinlock_t* lock, int shared) noexcept {
  if (g_active) ForgetSyncObject(AddressOf(lock));
  return ASHLAR_REAL(pthread_spin_init)(lock, shared);
}
int pthread_spin_lock(pthread_spinlock_t* lock) {
  REAL_UNLESS_ACTIVE(pthread_spin_lock, lock);
  LockMutex(AddressOf(lock), Attempt::kWait, false, HERE);
  return 0;
}
int pthread_spin_trylock(pthread_spinlock_t* lock) {
  REAL_UNLESS_ACTIVE(pthread_spin_trylock, lock);
  return LockMutex(AddressOf(lock), Attempt::kTry, false, HERE) ? 0 : EBUSY;
}
int pthread_spin_unlock(pthread_spinlock_t* lock) {
  REAL_UNLESS_ACTIVE(pthread_spin_unlock, lock);
  UnlockMutex(AddressOf(lock), HERE);
  return 0;
}

// --- Condition variables. ---

int pthread_cond_destroy(pthread_cond_t* c) {
  REAL_UNLESS_ACTIVE(pthread_cond_destroy, c);
  return 0;
}
int pthread_cond_wait(pthread_cond_t* c, pthread_mutex_t* m) {
  REAL_UNLESS_ACTIVE(pthread_cond_wait, c, m);
  WaitCondition(AddressOf(c), AddressOf(m), false, HERE);
  return 0;
}
int pthread_cond_timedwait(pthread_cond_t* c, pthread_mutex_t* m, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_cond_timedwait, c, m, time);
  return WaitCondition(AddressOf(c), AddressOf(m), true, HERE) ? 0 : TimeoutAt(time);
}
int pthread_cond_clockwait(pthread_cond_t* c, pthread_mutex_t* m, clockid_t clock,
                           const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_cond_clockwait, c, m, clock, time);
  return WaitCondition(AddressOf(c), AddressOf(m), true, HERE) ? 0 : TimeoutAt(time);
}
int pthread_cond_signal(pthread_cond_t* c) {
  REAL_UNLESS_ACTIVE(pthread_cond_signal, c);
  SignalCondition(AddressOf(c), false, HERE);
  return 0;
}
int pthread_cond_broadcast(pthread_cond_t* c) {
  REAL_UNLESS_ACTIVE(pthread_cond_broadcast, c);
  SignalCondition(AddressOf(c), true, HERE);
  return 0;
}

// --- Readers-writer locks. ---

int pthread_rwlock_init(pthread_rwlock_t* l, const pthread_rwlockattr_t* attributes) noexcept {
  if (g_active) ForgetSyncObject(AddressOf(l));
  return ASHLAR_REAL(pthread_rwlock_init)(l, attributes);
}
int pthread_rwlock_destroy(pthread_rwlock_t* l) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_destroy, l);
  ForgetSyncObject(AddressOf(l));
  return 0;
}
int pthread_rwlock_rdlock(pthread_rwlock_t* l) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_rdlock, l);
  LockShared(AddressOf(l), Attempt::kWait, HERE);
  return 0;
}
int pthread_rwlock_tryrdlock(pthread_rwlock_t* l) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_tryrdlock, l);
  return LockShared(AddressOf(l), Attempt::kTry, HERE) ? 0 : EBUSY;
}
int pthread_rwlock_timedrdlock(pthread_rwlock_t* l, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_timedrdlock, l, time);
  return LockShared(AddressOf(l), Attempt::kWaitTimed, HERE) ? 0 : TimeoutAt(time);
}
int pthread_rwlock_clockrdlock(pthread_rwlock_t* l, clockid_t clock, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_clockrdlock, l, clock, time);
  return LockShared(AddressOf(l), Attempt::kWaitTimed, HERE) ? 0 : TimeoutAt(time);
}
int pthread_rwlock_wrlock(pthread_rwlock_t* l) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_wrlock, l);
  LockExclusive(AddressOf(l), Attempt::kWait, HERE);
  return 0;
}
int pthread_rwlock_trywrlock(pthread_rwlock_t* l) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_trywrlock, l);
  return LockExclusive(AddressOf(l), Attempt::kTry, HERE) ? 0 : EBUSY;
}
int pthread_rwlock_timedwrlock(pthread_rwlock_t* l, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_timedwrlock, l, time);
  return LockExclusive(AddressOf(l), Attempt::kWaitTimed, HERE) ? 0 : TimeoutAt(time);
}
int pthread_rwlock_clockwrlock(pthread_rwlock_t* l, clockid_t clock, const timespec* time) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_clockwrlock, l, clock, time);
  return LockExclusive(AddressOf(l), Attempt::kWaitTimed, HERE) ? 0 : TimeoutAt(time);
}
int pthread_rwlock_unlock(pthread_rwlock_t* l) {
  REAL_UNLESS_ACTIVE(pthread_rwlock_unlock, l);
  UnlockReadersWriter(AddressOf(l), HERE);
  return 0;
}

// --- Semaphores and barriers. ---

int sem_init(sem_t* s, int shared, unsigned value) {
  REAL_UNLESS_ACTIVE(sem_init, s, shared, value);
  ForgetSyncObject(AddressOf(s));
  CellOf(AddressOf(s));  // rolled back, if it is a global's
  *reinterpret_cast<std::uint32_t*>(s) = value;
  return 0;
}
int sem_destroy(sem_t* s) {
  REAL_UNLESS_ACTIVE(sem_destroy, s);
  return 0;
}
int sem_getvalue(sem_t* s, int* value) {
  REAL_UNLESS_ACTIVE(sem_getvalue, s, value);
  Step(AddressOf(s), false);
  *value = static_cast<int>(*reinterpret_cast<std::uint32_t*>(s));
  return 0;
}
int sem_wait(sem_t* s) {
  REAL_UNLESS_ACTIVE(sem_wait, s);
  WaitSemaphore(AddressOf(s), reinterpret_cast<std::uint32_t*>(s), Attempt::kWait, HERE);
  return 0;
}
int sem_trywait(sem_t* s) {
  REAL_UNLESS_ACTIVE(sem_trywait, s);
  if (WaitSemaphore(AddressOf(s), reinterpret_cast<std::uint32_t*>(s), Attempt::kTry, HERE)) return 0;
  errno = EAGAIN;
  return -1;
}
int sem_timedwait(sem_t* s, const timespec* time) {
  REAL_UNLESS_ACTIVE(sem_timedwait, s, time);
  if (WaitSemaphore(AddressOf(s), reinterpret_cast<std::uint32_t*>(s), Attempt::kWaitTimed, HERE)) {
    return 0;
  }
  errno = TimeoutAt(time);
  return -1;
}
int sem_clockwait(sem_t* s, clockid_t clock, const timespec* time) {
  REAL_UNLESS_ACTIVE(sem_clockwait, s, clock, time);
  return sem_timedwait(s, time);
}
int sem_post(sem_t* s) {
  REAL_UNLESS_ACTIVE(sem_post, s);
  PostSemaphore(AddressOf(s), reinterpret_cast<std::uint32_t*>(s), HERE);
  return 0;
}

// Where glibc has it, for a barrier that was made before the exploration.
static std::uint32_t& PartiesOf(pthread_barrier_t* b) {
  return reinterpret_cast<std::uint32_t*>(b)[2];
}
int pthread_barrier_init(pthread_barrier_t* b, const pthread_barrierattr_t* attributes,
                         unsigned parties) {
  REAL_UNLESS_ACTIVE(pthread_barrier_init, b, attributes, parties);
  if (parties == 0) return EINVAL;
  ForgetSyncObject(AddressOf(b));
  CellOf(AddressOf(b));  // rolled back, if it is a global's
  PartiesOf(b) = parties;
  return 0;
}
int pthread_barrier_destroy(pthread_barrier_t* b) {
  REAL_UNLESS_ACTIVE(pthread_barrier_destroy, b);
  return 0;
}
int pthread_barrier_wait(pthread_barrier_t* b) {
  REAL_UNLESS_ACTIVE(pthread_barrier_wait, b);
  const bool is_one = WaitBarrier(AddressOf(b), PartiesOf(b), HERE);
  return is_one ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}
}
