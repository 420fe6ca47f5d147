#include "stress/run/trial.h"

#include <algorithm>

#include "stress/run/resident_memory.h"

namespace ashlar::stress {

Trial::Trial(Subject& subject, const TrialOptions& options)
    : subject_(subject), options_(options), meter_(options.most_threads) {
  if (has_checks()) overlap_ = std::make_unique<OverlapOracle>(findings_);
  resident_before_ = ResidentBytes();
  if (resident_before_) *resident_before_ -= std::min(*resident_before_, OwnBytes());
}

void Trial::SampleFootprint() {
  std::uint64_t bytes = subject_.FootprintBytes().value_or(0);
  if (const std::optional<std::size_t> resident = ResidentBytes(); resident && resident_before_) {
    const std::size_t before = *resident_before_ + OwnBytes();
    bytes = std::max<std::uint64_t>(bytes, *resident > before ? *resident - before : 0);
  }
  // relaxed: numbers for people and for Conclude(), which runs after all samplers were joined.
  footprint_bytes_.store(bytes, std::memory_order_relaxed);
  std::uint64_t most = most_footprint_bytes_.load(std::memory_order_relaxed);
  while (bytes > most && !most_footprint_bytes_.compare_exchange_weak(
                             most, bytes, std::memory_order_relaxed, std::memory_order_relaxed)) {
  }
}

std::uint64_t Trial::FootprintBytes() const {
  return footprint_bytes_.load(std::memory_order_relaxed);
}

std::uint64_t Trial::MostFootprintBytes() const {
  return most_footprint_bytes_.load(std::memory_order_relaxed);
}

void Trial::CheckCounts() {
  if (!has_checks() || IsOver()) return;
  const Meter::Totals totals = meter_.Read();
  counts_.WhenQuiescent(subject_.Count(), totals.live_blocks, totals.usable_bytes);
}

void Trial::Conclude() {
  if (!has_checks() || IsOver()) return;
  CheckCounts();
  if (options_.bounds_footprint) {
    footprint_.AtTheEnd(MostFootprintBytes(), meter_.MostLiveBytes(), meter_.MostThreads());
  }
  homecoming_.AtTheEnd(subject_.End());
}

void Trial::WhenNotServed(std::size_t size_bytes, std::size_t alignment) {
  if (!options_.may_run_out) service_.WhenNotServed(size_bytes, alignment);
}

}  // namespace ashlar::stress
