// lock.h - the one lock of the library: a word, three states, waiting in the kernel.
//
//   0 free | 1 held | 2 held, and somebody may wait
//
// For the documented blocking paths (page runs, growth, the lists of threads and of arenas) and for
// nothing else. Constant-initialised; no destructor. Under SingleThreaded it does nothing.
// Keeps errno, which the system's wait and wake may set: an allocator's caller does not expect it
// to change.
// Edge      L1: Release() -> Acquire().
// Source    U. Drepper, "Futexes Are Tricky", 2004, mutex 2.
#ifndef ASHLAR_INTERNAL_SYNC_LOCK_H_
#define ASHLAR_INTERNAL_SYNC_LOCK_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

template <ThreadingModel Model>
class Lock;

template <>
class Lock<Concurrent> {
 public:
  constexpr Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void Acquire() {
    std::uint32_t seen = kFree;
    // acquire, L1. relaxed on failure: the slow path looks again.
    if (word_.compare_exchange_strong(seen, kHeld, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
      return;
    }
    // acquire, L1.
    while (word_.exchange(kContended, std::memory_order_acquire) != kFree) WaitWhileContended();
  }

  void Release() {
    // release, L1.
    if (word_.exchange(kFree, std::memory_order_release) == kContended) WakeOne();
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kContended = 2;

  // In lock.cc, which a hosted implementation alone can compile: waiting, waking and errno.
  [[gnu::noinline, gnu::cold]] void WaitWhileContended();
  [[gnu::noinline, gnu::cold]] void WakeOne();

  std::atomic<std::uint32_t> word_{kFree};
};

template <>
class Lock<SingleThreaded> {
 public:
  constexpr Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void Acquire() {}
  void Release() {}
};

template <ThreadingModel Model>
class LockGuard {
 public:
  explicit LockGuard(Lock<Model>& lock) : lock_(lock) { lock_.Acquire(); }
  ~LockGuard() { lock_.Release(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Lock<Model>& lock_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_LOCK_H_
