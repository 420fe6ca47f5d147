// meter.h - how much is going on: counted by each thread for itself, read by anyone at any time.
//
// Each thread that works enters a lane and is the only one that writes to it. Sums over the lanes
// are approximate while threads run and exact when none does. The most live bytes are known with
// an error of at most kUncountedBytes for each thread: a lane reports to the shared sum only then.
#ifndef ASHLAR_STRESS_RUN_METER_H_
#define ASHLAR_STRESS_RUN_METER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace ashlar::stress {

class Meter {
 public:
  static constexpr std::int64_t kUncountedBytes = 1024;

  struct Totals {
    std::uint64_t events = 0;
    std::uint64_t live_blocks = 0;
    std::uint64_t live_bytes = 0;    // as requested
    std::uint64_t usable_bytes = 0;  // of the same blocks
    std::uint32_t threads = 0;
  };

  // Written by the thread that entered it.
  class alignas(64) Lane {
   public:
    void CountEvent() { Add(events_, std::uint64_t{1}); }
    void CountBirth(std::size_t size_bytes, std::size_t usable_bytes) {
      Count(1, static_cast<std::int64_t>(size_bytes), static_cast<std::int64_t>(usable_bytes));
    }
    // Of a block of any lane: the lane's own sums may fall below zero.
    void CountDeath(std::size_t size_bytes, std::size_t usable_bytes) {
      Count(-1, -static_cast<std::int64_t>(size_bytes), -static_cast<std::int64_t>(usable_bytes));
    }

   private:
    friend class Meter;

    // relaxed: only this thread writes; readers want a number, nothing follows from it.
    template <typename Number>
    static void Add(std::atomic<Number>& sum, Number n) {
      sum.store(sum.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void Count(std::int64_t blocks, std::int64_t live_bytes, std::int64_t usable_bytes);

    std::atomic<std::uint64_t> events_ = 0;
    std::atomic<std::int64_t> live_blocks_ = 0;
    std::atomic<std::int64_t> live_bytes_ = 0;
    std::atomic<std::int64_t> usable_bytes_ = 0;
    std::int64_t unreported_bytes_ = 0;
    Meter* meter_ = nullptr;
  };

  explicit Meter(std::uint32_t most_threads);

  // At most `most_threads` lanes are out at any time. Locks.
  [[nodiscard]] Lane& Enter();
  void Leave(Lane& lane);

  [[nodiscard]] Totals Read() const;
  [[nodiscard]] std::uint64_t MostLiveBytes() const;
  [[nodiscard]] std::uint32_t MostThreads() const;

 private:
  void Report(std::int64_t bytes);

  std::vector<Lane> lanes_;
  std::atomic<std::int64_t> live_bytes_ = 0;
  std::atomic<std::int64_t> most_live_bytes_ = 0;

  mutable std::mutex mutex_;
  std::vector<Lane*> free_lanes_;   // under mutex_
  std::uint32_t most_threads_ = 0;  // under mutex_
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_METER_H_
