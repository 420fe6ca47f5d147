#include "ashlar/internal/os/threads.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <cstddef>
#include <cstdint>

// Where glibc (2.35 on) keeps the thread's rseq area, relative to the thread pointer.
extern "C" const std::ptrdiff_t __rseq_offset __attribute__((weak));

namespace ashlar::internal::os {
namespace {

// Other libraries' keys may be destroyed after ours in a round; in the third round most are done.
constexpr std::uintptr_t kRounds = 3;

constinit thread_local bool t_begins __attribute__((tls_model("initial-exec"))) = false;

void (*g_at_exit)() = nullptr;
pthread_key_t g_key;

// The key's value counts the rounds that are left.
void OnKeyDestroyed(void* value) {
  const std::uintptr_t left = reinterpret_cast<std::uintptr_t>(value) - 1;
  if (left > 0 && pthread_setspecific(g_key, reinterpret_cast<void*>(left)) == 0) return;
  g_at_exit();
}

}  // namespace

bool CallAtThreadExit(void (*at_exit)()) noexcept {
  static const bool created = [at_exit] {
    g_at_exit = at_exit;
    return pthread_key_create(&g_key, OnKeyDestroyed) == 0;
  }();
  return created && pthread_setspecific(g_key, reinterpret_cast<void*>(kRounds)) == 0;
}

void AroundFork::Begin() noexcept {
  if (begun_.Get() != nullptr || t_begins) return;
  const LockGuard<Concurrent> guard(lock_);
  if (begun_.Get() != nullptr) return;
  t_begins = true;
  // Fails only for want of memory; forks then go on unprepared.
  static_cast<void>(pthread_atfork(prepare_, parent_, child_));
  t_begins = false;
  begun_.Publish(this);
}

std::uint64_t CoarseMilliseconds() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000000;
}

unsigned ProcessorHint() noexcept {
  if (&__rseq_offset == nullptr) return 0;
  // cpu_id_start: always a valid number, kept current by the kernel.
  const auto* area = static_cast<const char*>(__builtin_thread_pointer()) + __rseq_offset;
  return *reinterpret_cast<const volatile std::uint32_t*>(area);
}

void YieldProcessor() noexcept { sched_yield(); }

}  // namespace ashlar::internal::os
