// tsan_hooks.cc - the functions that -fsanitize=thread makes code call, clang's and GCC's.
#include <stdlib.h>
#include <string.h>

#include <cstddef>
#include <cstdint>

#include "stress/explorer/active.h"
#include "stress/explorer/atomic_access.h"
#include "stress/explorer/memory_access.h"
#include "stress/explorer/sync_object.h"

using namespace ashlar::explorer;  // NOLINT: everything here stands outside by its nature

namespace {

#define RETURN_ADDRESS reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))

inline void Plain(const volatile void* p, std::size_t size, bool writes, std::uintptr_t pc) {
  if (g_active) PlainRange(reinterpret_cast<std::uintptr_t>(p), size, writes, OffsetOf(pc));
}

ASHLAR_HOT void Aligned(const volatile void* p, std::size_t size, bool writes, std::uintptr_t pc) {
  if (!g_active) return;
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  if ((address & 7) + size > 8) [[unlikely]] return PlainRange(address, size, writes, OffsetOf(pc));
  PlainAccess(CellOf(address), MaskOf(address, size), AccessNow(OffsetOf(pc), writes, false));
}

template <typename T>
std::uintptr_t AddressOf(const volatile T* p) {
  return reinterpret_cast<std::uintptr_t>(p);
}

}  // namespace

extern "C" {

void __tsan_init() {}

void __tsan_func_entry(void* return_address) {
  if (!g_active) return;
  Fiber& me = *g_me;
  if (me.depth < Fiber::kMaxStack) {
    me.stack[me.depth] = OffsetOf(reinterpret_cast<std::uintptr_t>(return_address));
  }
  ++me.depth;
}
void __tsan_func_exit() {
  if (g_active && g_me->depth > 0) --g_me->depth;
}

#define HOOKS_OF_SIZE(n)                                                                    \
  void __tsan_read##n(void* p) { Aligned(p, n, false, RETURN_ADDRESS); }                    \
  void __tsan_write##n(void* p) { Aligned(p, n, true, RETURN_ADDRESS); }                    \
  void __tsan_read_write##n(void* p) { Aligned(p, n, true, RETURN_ADDRESS); }               \
  void __tsan_unaligned_read##n(void* p) { Plain(p, n, false, RETURN_ADDRESS); }            \
  void __tsan_unaligned_write##n(void* p) { Plain(p, n, true, RETURN_ADDRESS); }            \
  void __tsan_unaligned_read_write##n(void* p) { Plain(p, n, true, RETURN_ADDRESS); }       \
  void __tsan_volatile_read##n(void* p) { Aligned(p, n, false, RETURN_ADDRESS); }           \
  void __tsan_volatile_write##n(void* p) { Aligned(p, n, true, RETURN_ADDRESS); }           \
  void __tsan_unaligned_volatile_read##n(void* p) { Plain(p, n, false, RETURN_ADDRESS); }   \
  void __tsan_unaligned_volatile_write##n(void* p) { Plain(p, n, true, RETURN_ADDRESS); }
HOOKS_OF_SIZE(1)
HOOKS_OF_SIZE(2)
HOOKS_OF_SIZE(4)
HOOKS_OF_SIZE(8)
HOOKS_OF_SIZE(16)

void __tsan_vptr_update(void** p, void* value) {
  if (*p != value) Aligned(p, sizeof *p, true, RETURN_ADDRESS);
}
void __tsan_vptr_read(void** p) { Aligned(p, sizeof *p, false, RETURN_ADDRESS); }
void __tsan_read_range(void* p, unsigned long n) { Plain(p, n, false, RETURN_ADDRESS); }
void __tsan_write_range(void* p, unsigned long n) { Plain(p, n, true, RETURN_ADDRESS); }
void* __tsan_memcpy(void* to, const void* from, std::size_t n) {
  Plain(from, n, false, RETURN_ADDRESS);
  Plain(to, n, true, RETURN_ADDRESS);
  return memcpy(to, from, n);
}
void* __tsan_memmove(void* to, const void* from, std::size_t n) {
  Plain(from, n, false, RETURN_ADDRESS);
  Plain(to, n, true, RETURN_ADDRESS);
  return memmove(to, from, n);
}
void* __tsan_memset(void* to, int value, std::size_t n) {
  Plain(to, n, true, RETURN_ADDRESS);
  return memset(to, value, n);
}

#define EXCHANGE_HOOK(bits, T, name, builtin, expression)                                       \
  T __tsan_atomic##bits##_##name(volatile T* p, T v, int order) {                               \
    if (!g_active) return builtin(p, v, __ATOMIC_SEQ_CST);                                      \
    return static_cast<T>(AtomicExchange<bits / 8>(AddressOf(p), order, RETURN_ADDRESS,          \
                                         [v](std::uint64_t word) {                              \
                                           [[maybe_unused]] const T old = static_cast<T>(word); \
                                           return std::uint64_t{static_cast<T>(expression)};    \
                                         }));                                                   \
  }

#define ATOMIC_HOOKS(bits, T)                                                                   \
  T __tsan_atomic##bits##_load(const volatile T* p, int order) {                                \
    if (!g_active) return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                 \
    return static_cast<T>(AtomicLoad<bits / 8>(AddressOf(p), order, RETURN_ADDRESS));           \
  }                                                                                             \
  void __tsan_atomic##bits##_store(volatile T* p, T v, int order) {                             \
    if (!g_active) return __atomic_store_n(p, v, __ATOMIC_SEQ_CST);                             \
    AtomicStore<bits / 8>(AddressOf(p), v, order, RETURN_ADDRESS);                              \
  }                                                                                             \
  EXCHANGE_HOOK(bits, T, exchange, __atomic_exchange_n, v)                                      \
  EXCHANGE_HOOK(bits, T, fetch_add, __atomic_fetch_add, old + v)                                \
  EXCHANGE_HOOK(bits, T, fetch_sub, __atomic_fetch_sub, old - v)                                \
  EXCHANGE_HOOK(bits, T, fetch_and, __atomic_fetch_and, old & v)                                \
  EXCHANGE_HOOK(bits, T, fetch_or, __atomic_fetch_or, old | v)                                  \
  EXCHANGE_HOOK(bits, T, fetch_xor, __atomic_fetch_xor, old ^ v)                                \
  EXCHANGE_HOOK(bits, T, fetch_nand, __atomic_fetch_nand, ~(old & v))                           \
  static bool CompareExchange##bits(volatile T* p, T* expected, T desired, int order,           \
                                    int failure_order, std::uintptr_t pc) {                     \
    if (!g_active) {                                                                            \
      return __atomic_compare_exchange_n(p, expected, desired, false, __ATOMIC_SEQ_CST,         \
                                         __ATOMIC_SEQ_CST);                                     \
    }                                                                                           \
    std::uint64_t word = *expected;                                                             \
    const bool done = AtomicCompareExchange<bits / 8>(AddressOf(p), &word, desired, order,      \
                                            failure_order, pc);                                 \
    if (!done) *expected = static_cast<T>(word);                                                \
    return done;                                                                                \
  }                                                                                             \
  T __tsan_atomic##bits##_compare_exchange_val(volatile T* p, T expected, T desired, int order, \
                                               int failure_order) {                             \
    CompareExchange##bits(p, &expected, desired, order, failure_order, RETURN_ADDRESS);         \
    return expected;                                                                            \
  }                                                                                             \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile T* p, T* expected, T desired,      \
                                                    int order, int failure_order) {             \
    return CompareExchange##bits(p, expected, desired, order, failure_order, RETURN_ADDRESS);   \
  }                                                                                             \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile T* p, T* expected, T desired,        \
                                                  int order, int failure_order) {               \
    return CompareExchange##bits(p, expected, desired, order, failure_order, RETURN_ADDRESS);   \
  }
ATOMIC_HOOKS(8, std::uint8_t)
ATOMIC_HOOKS(16, std::uint16_t)
ATOMIC_HOOKS(32, std::uint32_t)
ATOMIC_HOOKS(64, std::uint64_t)

#define NO_128_BITS(name)                                                          \
  void __tsan_atomic128_##name() {                                                 \
    DieAt(OffsetOf(RETURN_ADDRESS), 0, "a 128-bit atomic (" #name "): not modelled"); \
  }
NO_128_BITS(load)
NO_128_BITS(store)
NO_128_BITS(exchange)
NO_128_BITS(fetch_add)
NO_128_BITS(fetch_sub)
NO_128_BITS(fetch_and)
NO_128_BITS(fetch_or)
NO_128_BITS(fetch_xor)
NO_128_BITS(fetch_nand)
NO_128_BITS(compare_exchange_val)
NO_128_BITS(compare_exchange_strong)
NO_128_BITS(compare_exchange_weak)

void __tsan_atomic_thread_fence(int order) {
  if (!g_active) return __atomic_thread_fence(__ATOMIC_SEQ_CST);
  const std::uint32_t pc = OffsetOf(RETURN_ADDRESS);
  AtomicStep(kFences, order == kSeqCst, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kFence);
  Note(Verb::kFence, pc, 0, 0, 0, order);
  Fence(order, false);
}
void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

// The build rule makes weak compare-exchanges ask here first (bazel/explored.bzl).
int ashlar_explorer_spurious() {
  static std::uint32_t execution, count;
  if (!g_active || !g_weak.on) return 0;
  if (execution != g_execution) {
    execution = g_execution;
    count = 0;
  }
  if (count == kMaxSpurious) {
    g_schedule.cut = true;
    return 0;
  }
  if (Ask(2, Kind::kSpurious) == 0) return 0;
  ++count;
  return 1;
}
// GCC forgets the name that a declaration in a template of namespace std gives it.
[[gnu::alias("ashlar_explorer_spurious")]] int SpuriousInStd() __asm__("_ZSt16ashlar_spurious_v");

// What code calls that knows of ThreadSanitizer: its own description of what happens before what.
void __tsan_acquire(void* p) {
  if (!g_active) return;
  AcquireFrom(SyncObjectAt(AddressOf(static_cast<char*>(p))));
}
void __tsan_release(void* p) {
  if (!g_active) return;
  ReleaseInto(SyncObjectAt(AddressOf(static_cast<char*>(p))));
}
void __tsan_ignore_thread_begin() {}
void __tsan_ignore_thread_end() {}
void __tsan_mutex_create(void*, unsigned) {}
void __tsan_mutex_destroy(void* p, unsigned) {
  if (g_active) ForgetSyncObject(AddressOf(static_cast<char*>(p)));
}
void __tsan_mutex_pre_lock(void*, unsigned) {}
void __tsan_mutex_post_lock(void* p, unsigned flags, int) {
  constexpr unsigned kTryLockFailed = 1U << 5;
  if ((flags & kTryLockFailed) == 0) __tsan_acquire(p);
}
int __tsan_mutex_pre_unlock(void* p, unsigned) { __tsan_release(p); return 0; }
void __tsan_mutex_post_unlock(void*, unsigned) {}
void __tsan_mutex_pre_signal(void*, unsigned) {}
void __tsan_mutex_post_signal(void*, unsigned) {}
void __tsan_mutex_pre_divert(void*, unsigned) {}
void __tsan_mutex_post_divert(void*, unsigned) {}
void __tsan_check_no_mutexes_held() {}
void __tsan_flush_memory() {}
void* __tsan_external_register_tag(const char*) { return nullptr; }
void __tsan_external_register_header(void*, const char*) {}
void __tsan_external_assign_tag(void*, void*) {}
void __tsan_external_read(void* p, void*, void*) { Plain(p, 1, false, RETURN_ADDRESS); }
void __tsan_external_write(void* p, void*, void*) { Plain(p, 1, true, RETURN_ADDRESS); }
// What it says is benign is none the less told of: Races::kIgnore is there for that.
void AnnotateBenignRace(const char*, int, const volatile void*, const char*) {}
void AnnotateBenignRaceSized(const char*, int, const volatile void*, std::size_t, const char*) {}
void AnnotateEnableRaceDetection(const char*, int, int) {}
void AnnotateThreadName(const char*, int, const char*) {}
void AnnotateNewMemory(const char*, int, const volatile void*, std::size_t) {}
void AnnotateRWLockCreate(const char*, int, const volatile void*) {}
void AnnotateRWLockCreateStatic(const char*, int, const volatile void*) {}
void AnnotateRWLockDestroy(const char*, int, const volatile void* p) {
  __tsan_mutex_destroy(const_cast<void*>(p), 0);
}
void AnnotateRWLockAcquired(const char*, int, const volatile void* p, long) {
  __tsan_acquire(const_cast<void*>(p));
}
void AnnotateRWLockReleased(const char*, int, const volatile void* p, long) {
  __tsan_release(const_cast<void*>(p));
}
int RunningOnValgrind() { return 0; }
void AnnotateIgnoreReadsBegin(const char*, int) {}
void AnnotateIgnoreReadsEnd(const char*, int) {}
void AnnotateIgnoreWritesBegin(const char*, int) {}
void AnnotateIgnoreWritesEnd(const char*, int) {}
void AnnotateHappensBefore(const char*, int, const volatile void* p) { __tsan_release(const_cast<void*>(p)); }
void AnnotateHappensAfter(const char*, int, const volatile void* p) { __tsan_acquire(const_cast<void*>(p)); }
}
