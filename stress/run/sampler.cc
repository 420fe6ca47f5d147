#include "stress/run/sampler.h"

#include <cstdint>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "stress/run/meter.h"

namespace ashlar::stress {
namespace {

constexpr absl::Duration kSampleEvery = absl::Milliseconds(5);
constexpr absl::Duration kReportEvery = absl::Milliseconds(250);

}  // namespace

Sampler::Sampler(std::string scenario, Trial& trial, Observer* observer)
    : scenario_(std::move(scenario)),
      trial_(trial),
      observer_(observer),
      thread_([this] { Run(); }) {}

Sampler::~Sampler() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    has_ended_ = true;
    end_.notify_one();
  }
  thread_.join();
  trial_.SampleFootprint();
}

void Sampler::Run() {
  const absl::Time start = absl::Now();
  absl::Time reported_at = start;
  std::uint64_t reported_events = 0;
  while (WaitForNextSample()) {
    trial_.SampleFootprint();
    const absl::Time now = absl::Now();
    if (observer_ == nullptr || now - reported_at < kReportEvery) continue;
    const Meter::Totals totals = trial_.meter().Read();
    const double seconds = absl::ToDoubleSeconds(now - reported_at);
    observer_->Report(
        {.scenario = scenario_,
         .seconds = absl::ToDoubleSeconds(now - start),
         .events = totals.events,
         .events_per_second = static_cast<double>(totals.events - reported_events) / seconds,
         .threads = totals.threads,
         .live_bytes = totals.live_bytes,
         .footprint_bytes = trial_.FootprintBytes()});
    reported_at = now;
    reported_events = totals.events;
  }
}

bool Sampler::WaitForNextSample() {
  std::unique_lock<std::mutex> lock(mutex_);
  return !end_.wait_for(lock, absl::ToChronoNanoseconds(kSampleEvery),
                        [this] { return has_ended_; });
}

}  // namespace ashlar::stress
