#include "stress/delays/delays.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

// Not instrumented (BUILD.bazel): what stands here must not come here.
namespace ashlar::stress {
namespace {

constexpr std::uint32_t kUsualInterval = 512;
constexpr std::uint32_t kMovesOneIn = 64;  // delays

struct Settings {
  std::uint32_t interval = kUsualInterval;
  std::uint32_t seed = 1;
  cpu_set_t processors;
};

std::uint32_t NumberFrom(const char* name, std::uint32_t otherwise, std::uint32_t most) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const unsigned long number = std::strtoul(text, &end, 10);
  if (end != text && *end == 0 && number <= most) return static_cast<std::uint32_t>(number);
  std::fprintf(stderr, "%s=%s is no number from 0 to %u\n", name, text, most);
  std::exit(2);
}

// Read once, before main: an access that comes earlier is not delayed.
std::atomic<const Settings*> g_settings = nullptr;
[[gnu::constructor]] void ReadSettings() {
  static Settings settings;
  settings.interval = NumberFrom("ASHLAR_DELAYS", kUsualInterval, 1'000'000);
  settings.seed = NumberFrom("ASHLAR_DELAYS_SEED", 1, UINT32_MAX);
  if (sched_getaffinity(0, sizeof settings.processors, &settings.processors) != 0) {
    CPU_ZERO(&settings.processors);
  }
  if (settings.interval != 0) g_settings.store(&settings, std::memory_order_release);
}

// Counts: nothing follows from them.
std::atomic<std::uint64_t> g_accesses = 0;
std::atomic<std::uint64_t> g_delays = 0;
std::atomic<std::uint64_t> g_moves = 0;
std::atomic<std::uint32_t> g_threads = 0;

// Trivial, so that no thread-local needs a constructor when an allocator is half set up.
thread_local std::uint32_t t_random = 0;
thread_local std::uint32_t t_wait = 0;     // accesses until the next delay
thread_local std::uint32_t t_waited = 0;   // accesses that g_accesses does not have yet

// Marsaglia's xorshift.
std::uint32_t Random() {
  t_random ^= t_random << 13;
  t_random ^= t_random >> 17;
  t_random ^= t_random << 5;
  return t_random;
}

void Spin(std::uint32_t turns) {
  for (volatile std::uint32_t i = 0; i < turns; i = i + 1) {
  }
}

void MoveToAnotherProcessor(const cpu_set_t& processors) {
  const int count = CPU_COUNT(&processors);
  if (count < 2) return;
  int chosen = static_cast<int>(Random() % static_cast<std::uint32_t>(count));
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &processors) || chosen-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) return;
    g_moves.fetch_add(1, std::memory_order_relaxed);
    // Not bound to it: one processor may get all threads.
    sched_setaffinity(0, sizeof processors, &processors);
    return;
  }
}

[[gnu::noinline, gnu::cold]] void Delay(const Settings& settings) {
  if (t_random == 0) {
    t_random = (settings.seed + g_threads.fetch_add(1, std::memory_order_relaxed)) * 2654435761u | 1;
    t_wait = Random() % (2 * settings.interval) + 1;
    return;
  }
  g_accesses.fetch_add(t_waited, std::memory_order_relaxed);
  g_delays.fetch_add(1, std::memory_order_relaxed);
  t_waited = t_wait = Random() % (2 * settings.interval) + 1;
  if (Random() % kMovesOneIn == 0) return MoveToAnotherProcessor(settings.processors);
  switch (Random() % 4) {
    case 0:
    case 1:
      sched_yield();
      break;
    case 2:
      Spin(Random() % 4096);
      break;
    default:
      const timespec some = {0, static_cast<long>(Random() % 20'000)};
      nanosleep(&some, nullptr);
  }
}

inline void MayDelay() {
  const Settings* const settings = g_settings.load(std::memory_order_acquire);
  if (settings == nullptr || (t_wait != 0 && --t_wait != 0)) return;
  const int error = errno;  // the code in whose midst this is may be about to look at it
  Delay(*settings);
  errno = error;
}

}  // namespace

DelayCounts CountDelays() {
  return {.accesses = g_accesses.load(std::memory_order_relaxed),
          .delays = g_delays.load(std::memory_order_relaxed),
          .moves = g_moves.load(std::memory_order_relaxed)};
}

}  // namespace ashlar::stress

// The wrappers end in a jump: the race detector finds the caller's address where it expects it.
#define ASHLAR_WRAPPED(name, Result, parameters, arguments)      \
  extern "C" Result __real___tsan_atomic##name parameters;       \
  extern "C" Result __wrap___tsan_atomic##name parameters {      \
    ashlar::stress::MayDelay();                                  \
    [[clang::musttail]] return __real___tsan_atomic##name arguments; \
  }
#define ASHLAR_WRAPPED_SIZE(bits, Value)                                                           \
  ASHLAR_WRAPPED(bits##_load, Value, (const volatile Value* a, int order), (a, order))             \
  ASHLAR_WRAPPED(bits##_store, void, (volatile Value * a, Value v, int order), (a, v, order))      \
  ASHLAR_WRAPPED(bits##_exchange, Value, (volatile Value * a, Value v, int order), (a, v, order))  \
  ASHLAR_WRAPPED(bits##_fetch_add, Value, (volatile Value * a, Value v, int order), (a, v, order)) \
  ASHLAR_WRAPPED(bits##_fetch_sub, Value, (volatile Value * a, Value v, int order), (a, v, order)) \
  ASHLAR_WRAPPED(bits##_fetch_and, Value, (volatile Value * a, Value v, int order), (a, v, order)) \
  ASHLAR_WRAPPED(bits##_fetch_or, Value, (volatile Value * a, Value v, int order), (a, v, order))  \
  ASHLAR_WRAPPED(bits##_fetch_xor, Value, (volatile Value * a, Value v, int order), (a, v, order)) \
  ASHLAR_WRAPPED(bits##_compare_exchange_val, Value,                                               \
                 (volatile Value * a, Value expected, Value v, int order, int failure),            \
                 (a, expected, v, order, failure))
ASHLAR_WRAPPED_SIZE(8, std::uint8_t)
ASHLAR_WRAPPED_SIZE(16, std::uint16_t)
ASHLAR_WRAPPED_SIZE(32, std::uint32_t)
ASHLAR_WRAPPED_SIZE(64, std::uint64_t)
