// run_trial.h - a whole trial, from a subject and a scenario to an outcome.
#ifndef ASHLAR_STRESS_RUN_RUN_TRIAL_H_
#define ASHLAR_STRESS_RUN_RUN_TRIAL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "stress/oracle/findings.h"
#include "stress/run/observer.h"
#include "stress/run/trial.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

struct Outcome {
  std::string scenario;
  std::string allocator;
  std::uint64_t events = 0;
  double seconds = 0;
  std::uint32_t most_threads = 0;
  std::uint64_t most_live_bytes = 0;
  std::uint64_t most_footprint_bytes = 0;
  std::vector<Finding> findings = {};  // empty: passed

  bool passed() const { return findings.empty(); }
};

// Lets `drive` work on the allocator and asks the oracles. `drive` returns when its threads have
// ended and its blocks are free, or early once the trial is over. An error means that the harness
// could not do its work (no threads to be had, more address space than an oracle can follow): there
// is no verdict then. A subject whose trial was over before its time is left alone, undestroyed.
[[nodiscard]] absl::StatusOr<Outcome> RunTrial(std::string scenario,
                                               std::unique_ptr<Subject> subject,
                                               const TrialOptions& options, Observer* observer,
                                               absl::FunctionRef<absl::Status(Trial&)> drive);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_RUN_TRIAL_H_
