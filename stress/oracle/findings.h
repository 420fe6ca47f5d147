// findings.h - what the oracles have said.
//
// A corrupt allocator makes an oracle speak once for every block, so the first message of each
// oracle is kept and the rest is counted. Thread-safe; Speak() locks, and is rare.
#ifndef ASHLAR_STRESS_ORACLE_FINDINGS_H_
#define ASHLAR_STRESS_ORACLE_FINDINGS_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ashlar::stress {

struct Finding {
  std::string oracle;
  std::string message;  // the first one
  std::uint64_t times = 0;
};

// Whether a scenario can go on after a finding.
enum class Gravity {
  kMendable,  // a request was refused, a count is off
  kCorrupt,   // memory is not what it should be: each further step may do anything
};

class Findings {
 public:
  void Speak(absl::string_view oracle, Gravity gravity, std::string message);
  // The harness has come to a limit of its own: there can be no verdict, whoever is to blame. `why`
  // is not empty; the first one is kept.
  void GiveUp(std::string why);

  [[nodiscard]] std::vector<Finding> List() const;
  // Why the harness gave up; empty if it did not.
  [[nodiscard]] std::string Limit() const;
  // Something is corrupt, or the harness gave up. One relaxed load: asked before every step.
  [[nodiscard]] bool IsOver() const {
    // relaxed: nothing follows from it but an earlier end.
    return is_over_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<bool> is_over_ = false;  // written under mutex_
  mutable std::mutex mutex_;
  std::vector<Finding> list_;  // under mutex_
  std::string limit_;          // under mutex_
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_FINDINGS_H_
