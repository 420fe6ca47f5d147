// epoch.h - a number that says "look again": raised by who changed something, compared by others.
//
// Edge      T1: Raise() -> Get(). What was changed before the epoch was raised.
// Progress  wait-free; ClaimAfter lock-free.
#ifndef ASHLAR_INTERNAL_SYNC_EPOCH_H_
#define ASHLAR_INTERNAL_SYNC_EPOCH_H_

#include <atomic>
#include <cstdint>

namespace ashlar::internal {

class Epoch {
 public:
  constexpr Epoch() = default;

  // release, T1.
  std::uint32_t Raise() { return number_.fetch_add(1, std::memory_order_release) + 1; }
  std::uint32_t Get() const { return number_.load(std::memory_order_acquire); }  // acquire, T1

 private:
  std::atomic<std::uint32_t> number_{0};
};

// The last time at which something was done that is to be done once in a while, by one thread.
class Turn {
 public:
  constexpr Turn() = default;

  // True for one caller in each `interval`. A caller whose `now` is older than the last turn, as it
  // was held up between its clock and this call, has none.
  bool Claim(std::uint64_t now, std::uint64_t interval) {
    std::uint64_t last = last_.load(std::memory_order_relaxed);  // relaxed: the CAS checks it
    if (now < last || now - last < interval) return false;
    // relaxed: who wins does work that has locks and edges of its own.
    return last_.compare_exchange_strong(last, now, std::memory_order_relaxed,
                                         std::memory_order_relaxed);
  }
  std::uint64_t last() const { return last_.load(std::memory_order_relaxed); }  // relaxed: a look

 private:
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_EPOCH_H_
