#include "stress/run/meter.h"

#include <algorithm>
#include <cstdlib>

namespace ashlar::stress {

// relaxed, all of this file: counts. Exact sums are read after the writers were joined, which
// orders them.

void Meter::Lane::Count(std::int64_t blocks, std::int64_t live_bytes, std::int64_t usable_bytes) {
  Add(live_blocks_, blocks);
  Add(live_bytes_, live_bytes);
  Add(usable_bytes_, usable_bytes);
  unreported_bytes_ += live_bytes;
  if (std::abs(unreported_bytes_) >= kUncountedBytes) {
    meter_->Report(unreported_bytes_);
    unreported_bytes_ = 0;
  }
}

Meter::Meter(std::uint32_t most_threads) : lanes_(most_threads) {
  free_lanes_.reserve(most_threads);
  for (Lane& lane : lanes_) {
    lane.meter_ = this;
    free_lanes_.push_back(&lane);
  }
  std::reverse(free_lanes_.begin(), free_lanes_.end());
}

Meter::Lane& Meter::Enter() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Lane* const lane = free_lanes_.back();
  free_lanes_.pop_back();
  most_threads_ =
      std::max(most_threads_, static_cast<std::uint32_t>(lanes_.size() - free_lanes_.size()));
  return *lane;
}

void Meter::Leave(Lane& lane) {
  const std::lock_guard<std::mutex> lock(mutex_);
  free_lanes_.push_back(&lane);
}

Meter::Totals Meter::Read() const {
  std::uint64_t events = 0;
  std::int64_t blocks = 0;
  std::int64_t live_bytes = 0;
  std::int64_t usable_bytes = 0;
  for (const Lane& lane : lanes_) {
    events += lane.events_.load(std::memory_order_relaxed);
    blocks += lane.live_blocks_.load(std::memory_order_relaxed);
    live_bytes += lane.live_bytes_.load(std::memory_order_relaxed);
    usable_bytes += lane.usable_bytes_.load(std::memory_order_relaxed);
  }
  const auto positive = [](std::int64_t n) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0));
  };
  const std::lock_guard<std::mutex> lock(mutex_);
  return {.events = events,
          .live_blocks = positive(blocks),
          .live_bytes = positive(live_bytes),
          .usable_bytes = positive(usable_bytes),
          .threads = static_cast<std::uint32_t>(lanes_.size() - free_lanes_.size())};
}

std::uint64_t Meter::MostLiveBytes() const {
  return static_cast<std::uint64_t>(
      std::max(most_live_bytes_.load(std::memory_order_relaxed), std::int64_t{0}));
}

std::uint32_t Meter::MostThreads() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return most_threads_;
}

void Meter::Report(std::int64_t bytes) {
  const std::int64_t live = live_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::int64_t most = most_live_bytes_.load(std::memory_order_relaxed);
  while (live > most && !most_live_bytes_.compare_exchange_weak(
                            most, live, std::memory_order_relaxed, std::memory_order_relaxed)) {
  }
}

}  // namespace ashlar::stress
