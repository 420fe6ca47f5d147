#include "stress/run/run_trial.h"

#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "stress/run/sampler.h"

namespace ashlar::stress {
namespace {

// Whatever a corrupt allocator would do when it ends, it does not do it; but it stays reachable.
void LeaveAlone(std::unique_ptr<Subject> subject) {
  static std::mutex mutex;
  static auto* const corrupt = new std::vector<std::unique_ptr<Subject>>;
  const std::lock_guard<std::mutex> lock(mutex);
  corrupt->push_back(std::move(subject));
}

}  // namespace

absl::StatusOr<Outcome> RunTrial(std::string scenario, std::unique_ptr<Subject> subject,
                                 const TrialOptions& options, Observer* observer,
                                 absl::FunctionRef<absl::Status(Trial&)> drive) {
  Trial trial(*subject, options);
  Outcome outcome{.scenario = scenario, .allocator = subject->name()};
  {
    Sampler sampler(scenario, trial, observer);
    const absl::Time start = absl::Now();
    const absl::Status driven = drive(trial);
    outcome.seconds = absl::ToDoubleSeconds(absl::Now() - start);
    if (!driven.ok()) return driven;
  }
  // What an oracle said before that is a verdict all the same.
  const std::string limit = trial.findings().Limit();
  if (!limit.empty() && trial.findings().List().empty()) {
    LeaveAlone(std::move(subject));  // with the blocks that are still live
    return absl::ResourceExhaustedError(limit);
  }
  trial.Conclude();
  outcome.events = trial.meter().Read().events;
  outcome.most_threads = trial.meter().MostThreads();
  outcome.most_live_bytes = trial.meter().MostLiveBytes();
  outcome.most_footprint_bytes = trial.MostFootprintBytes();
  outcome.findings = trial.findings().List();
  if (trial.IsOver()) LeaveAlone(std::move(subject));
  return outcome;
}

}  // namespace ashlar::stress
