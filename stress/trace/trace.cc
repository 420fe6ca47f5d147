#include "stress/trace/trace.h"

#include <utility>

namespace ashlar::stress {

Trace::Trace(std::vector<Step> steps, std::vector<LifeEvent> life, std::uint32_t threads,
             std::uint32_t blocks, const TraceSummary& summary)
    : steps_(std::move(steps)),
      life_(std::move(life)),
      positions_(steps_.size()),
      begins_at_(std::size_t{threads} + 1, 0),
      blocks_(blocks),
      summary_(summary) {
  for (const Step& step : steps_) ++begins_at_[step.thread + 1];
  for (std::size_t thread = 0; thread < threads; ++thread) {
    begins_at_[thread + 1] += begins_at_[thread];
  }
  std::vector<std::size_t> next(begins_at_.begin(), begins_at_.end() - 1);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    positions_[next[steps_[i].thread]++] = static_cast<std::uint32_t>(i);
  }
}

std::span<const std::uint32_t> Trace::PositionsOf(std::uint32_t thread) const {
  return std::span(positions_)
      .subspan(begins_at_[thread], begins_at_[thread + 1] - begins_at_[thread]);
}

}  // namespace ashlar::stress
