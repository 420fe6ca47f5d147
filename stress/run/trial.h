// trial.h - one allocator before all oracles, while some scenario drives it.
//
// The scenario's threads do the driving through Workers (worker.h), one for each thread. A trial
// with Checks::kOff keeps counts but asks no oracle and touches no block: pure replay speed.
#ifndef ASHLAR_STRESS_RUN_TRIAL_H_
#define ASHLAR_STRESS_RUN_TRIAL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "stress/oracle/alignment_oracle.h"
#include "stress/oracle/count_oracle.h"
#include "stress/oracle/findings.h"
#include "stress/oracle/footprint_oracle.h"
#include "stress/oracle/homecoming_oracle.h"
#include "stress/oracle/overlap_oracle.h"
#include "stress/oracle/pattern_oracle.h"
#include "stress/oracle/service_oracle.h"
#include "stress/oracle/usable_size_oracle.h"
#include "stress/oracle/zero_oracle.h"
#include "stress/run/meter.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

enum class Checks { kOn, kOff };

struct TrialOptions {
  Checks checks = Checks::kOn;
  std::uint32_t most_threads = 1;  // Workers at once
  bool may_run_out = false;        // memory is bounded on purpose: a refusal is no fault
  bool bounds_footprint = true;    // ask the footprint oracle
};

class Trial {
 public:
  // `subject` must outlive the trial.
  Trial(Subject& subject, const TrialOptions& options);

  Subject& subject() { return subject_; }
  Meter& meter() { return meter_; }
  const Findings& findings() const { return findings_; }
  bool has_checks() const { return options_.checks == Checks::kOn; }

  // Threads should stop: the allocator is corrupt, or the harness has come to its limits.
  bool IsOver() const { return findings_.IsOver(); }

  // From any thread, any number of times: looks at the footprint and remembers the most.
  void SampleFootprint();
  std::uint64_t FootprintBytes() const;  // as last sampled
  std::uint64_t MostFootprintBytes() const;

  // No Worker exists: asks the oracle of counts. Blocks may be live.
  void CheckCounts();
  // No Worker exists and no block is live: asks the oracles of the end, unless the trial is over
  // before its time. No call after it.
  void Conclude();

  // The oracles that Workers ask.
  AlignmentOracle& alignment() { return alignment_; }
  OverlapOracle& overlap() { return *overlap_; }
  PatternOracle& pattern() { return pattern_; }
  UsableSizeOracle& usable_size() { return usable_size_; }
  ZeroOracle& zero() { return zero_; }
  void WhenNotServed(std::size_t size_bytes, std::size_t alignment);

 private:
  std::size_t OwnBytes() const { return overlap_ ? overlap_->FootprintBytes() : 0; }

  Subject& subject_;
  TrialOptions options_;
  Findings findings_;
  Meter meter_;

  AlignmentOracle alignment_{findings_};
  CountOracle counts_{findings_};
  FootprintOracle footprint_{findings_};
  HomecomingOracle homecoming_{findings_};
  std::unique_ptr<OverlapOracle> overlap_;  // only with checks
  PatternOracle pattern_{findings_};
  ServiceOracle service_{findings_};
  UsableSizeOracle usable_size_{findings_};
  ZeroOracle zero_{findings_};

  // Resident memory when the trial began, beside the oracles' own.
  std::optional<std::size_t> resident_before_;
  std::atomic<std::uint64_t> footprint_bytes_ = 0;
  std::atomic<std::uint64_t> most_footprint_bytes_ = 0;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_TRIAL_H_
