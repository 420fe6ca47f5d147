// system_hooks.cc - time, sleep, futexes and the other calls by which code asks the system; and the
// ways in which a program ends itself.
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "stress/explorer/active.h"
#include "stress/explorer/atomic_access.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/image.h"
#include "stress/explorer/real.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/virtual_time.h"

using namespace ashlar::explorer;  // NOLINT: everything here stands outside by its nature

namespace {

#define HERE PlaceOf(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)))


// Sleeping lets the others run. How long it takes nobody can rely on.
void MakeWay() {
  ++g_schedule.steps;
  g_me->pending = {0, true, true};
  if (g_schedule.steps > g_schedule.most_steps) StepLimitReached();
  Reschedule(true);
}

void SleepUntil(const timespec& time) {
  MakeWay();
  SkipTo(time);
}
void SleepFor(const timespec& span) { SleepUntil(TimeAfter(span)); }

// How many were woken.
long Wake(std::uintptr_t address, std::uint32_t most) {
  if (most >= kMaxThreads) return WakeAll(address);
  std::uint32_t woken = 0;
  while (woken < most && WakeOne(address)) ++woken;
  return woken;
}

long Refuse(int error) {
  errno = error;
  return -1;
}

// `time`: null, or how long (FUTEX_WAIT) or until when (FUTEX_WAIT_BITSET) to wait.
long Futex(std::uintptr_t address, int operation, std::uint32_t value, const timespec* time,
           std::uint32_t pc) {
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
      // The kernel compares under its own lock: with the newest value.
      AtomicStep(address, false, false, pc);
      if (static_cast<std::uint32_t>(ReadRaw(address, 4)) != value) return Refuse(EAGAIN);
      Note(Verb::kWait, pc, 0, address, 0, 0);
      if (time == nullptr) return Block(address), 0;
      const bool is_span = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT;
      const timespec end = is_span ? TimeAfter(*time) : *time;
      if (Ask(2, Kind::kProgram) == 1) {
        ++g_me->fruitless;
      } else if (!Block(address, true)) {
        return 0;
      }
      SkipTo(end);
      return Refuse(ETIMEDOUT);
    }
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      AtomicStep(address, true, false, pc);
      Note(Verb::kWake, pc, 0, address, 0, 0);
      return Wake(address, value);
    default:
      Die("futex operation %d: not modelled", operation);
  }
}

}  // namespace

extern "C" {

long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& word : a) word = va_arg(list, long);
  va_end(list);
  if (g_active && number == SYS_futex) {
    return Futex(static_cast<std::uintptr_t>(a[0]), static_cast<int>(a[1]),
                 static_cast<std::uint32_t>(a[2]), reinterpret_cast<const timespec*>(a[3]), HERE);
  }
  if (g_active && number == SYS_membarrier) {
    if (a[0] == 0) return 0x1ff;  // all of them are there
    constexpr long kRegistrations = 4 | 16 | 64 | 256;
    constexpr long kBarriers = 1 | 2 | 8 | 32 | 128;
    if ((a[0] & (a[0] - 1)) != 0) return Refuse(EINVAL);
    if ((a[0] & kRegistrations) != 0) return 0;
    if ((a[0] & kBarriers) == 0) return Refuse(EINVAL);
    AtomicStep(0, true, true, HERE);
    Note(Verb::kFence, HERE, 0, 0, 0, kSeqCst);
    Fence(kSeqCst, true);
    return 0;
  }
  if (g_active && number == SYS_getcpu) {
    if (a[0] != 0) *reinterpret_cast<unsigned*>(a[0]) = g_me->id % 2;
    return 0;
  }
  if (g_active && number == SYS_gettid) return g_me->id;
  const long result = RealSyscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result < 0 && result > -4096 ? Refuse(static_cast<int>(-result)) : result;
}

int sched_yield() noexcept {
  if (!g_active) return static_cast<int>(RealSyscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0));
  MakeWay();
  return 0;
}
int usleep(useconds_t time) {
  if (!g_active) return ASHLAR_REAL(usleep)(time);
  SleepFor({static_cast<time_t>(time / 1000000), static_cast<long>(time % 1000000) * 1000});
  return 0;
}
unsigned sleep(unsigned time) {
  if (!g_active) return ASHLAR_REAL(sleep)(time);
  SleepFor({static_cast<time_t>(time), 0});
  return 0;
}
int nanosleep(const timespec* time, timespec* rest) {
  if (!g_active) return ASHLAR_REAL(nanosleep)(time, rest);
  SleepFor(*time);
  return 0;
}
int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* rest) {
  if (!g_active) return ASHLAR_REAL(clock_nanosleep)(clock, flags, time, rest);
  SleepUntil((flags & TIMER_ABSTIME) != 0 ? *time : TimeAfter(*time));
  return 0;
}
int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (!g_active) return static_cast<int>(RealSyscall(SYS_clock_gettime, clock, time, 0, 0, 0, 0));
  *time = TimeNow();
  return 0;
}
time_t time(time_t* result) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}
int timespec_get(timespec* time, int base) noexcept {
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, time);
  return base;
}
int gettimeofday(timeval* time, void* zone) noexcept {
  if (!g_active) return static_cast<int>(RealSyscall(SYS_gettimeofday, time, zone, 0, 0, 0, 0));
  const timespec now = TimeNow();
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

pid_t gettid() noexcept {
  return g_active ? g_me->id : static_cast<pid_t>(RealSyscall(SYS_gettid, 0, 0, 0, 0, 0, 0));
}

void abort() noexcept {
  if (g_active) DieAt(HERE, 0, "abort called by T%u", unsigned{g_me->id});
  ASHLAR_REAL(abort)();
  __builtin_unreachable();
}
void __assert_fail(const char* condition, const char* file, unsigned line,
                                const char*) noexcept {
  if (g_active) DieAt(HERE, 0, "assert(%s) does not hold at %s:%u", condition, file, line);
  fprintf(stderr, "%s:%u: assert(%s)\n", file, line, condition);
  abort();
}
}
