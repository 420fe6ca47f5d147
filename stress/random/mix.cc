#include "stress/random/mix.h"

#include "absl/random/distributions.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kSmallBytes = 256;
constexpr int kMostAlignmentLog2 = 12;

}  // namespace

Request ByteMix::Draw(Generator& generator) const {
  Request request;
  const int kind = absl::Uniform(generator, 0, 100);
  if (kind < 60) {
    request.size_bytes =
        absl::Uniform<std::size_t>(absl::IntervalClosed, generator, 1, kSmallBytes);
  } else if (kind < 98) {
    request.size_bytes = absl::LogUniform<std::size_t>(generator, 1, largest_bytes_);
  }
  const int extra = absl::Uniform(generator, 0, 10);
  if (extra == 0) {
    request.alignment = std::size_t{1}
                        << absl::Uniform(absl::IntervalClosed, generator, 0, kMostAlignmentLog2);
  }
  request.zeroed = extra == 1;
  return request;
}

Request ObjectMix::Draw(Generator& /*generator*/) const {
  return {.size_bytes = size_bytes_, .alignment = alignment_};
}

}  // namespace ashlar::stress
