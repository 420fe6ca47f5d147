#include "stress/oracle/findings.h"

#include <algorithm>
#include <utility>

namespace ashlar::stress {

void Findings::Speak(absl::string_view oracle, Gravity gravity, std::string message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Under the lock: whoever reads the finding knows what it means. relaxed: no more follows.
  if (gravity == Gravity::kCorrupt) is_over_.store(true, std::memory_order_relaxed);
  const auto found = std::find_if(list_.begin(), list_.end(),
                                  [&](const Finding& finding) { return finding.oracle == oracle; });
  if (found != list_.end()) {
    ++found->times;
  } else {
    list_.push_back({std::string(oracle), std::move(message), 1});
  }
}

void Findings::GiveUp(std::string why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_over_.store(true, std::memory_order_relaxed);
  if (limit_.empty()) limit_ = std::move(why);
}

std::vector<Finding> Findings::List() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return list_;
}

std::string Findings::Limit() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return limit_;
}

}  // namespace ashlar::stress
