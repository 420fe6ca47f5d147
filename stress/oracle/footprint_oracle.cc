#include "stress/oracle/footprint_oracle.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

}  // namespace

std::uint64_t FootprintOracle::Bound(std::uint64_t most_live_bytes, std::uint32_t most_threads) {
  return most_live_bytes + most_live_bytes / 2 + 4 * kMiB + most_threads * kMiB;
}

void FootprintOracle::AtTheEnd(std::uint64_t most_footprint_bytes, std::uint64_t most_live_bytes,
                               std::uint32_t most_threads) {
  const std::uint64_t bound = Bound(most_live_bytes, most_threads);
  if (most_footprint_bytes <= bound) return;
  findings_.Speak(kName, Gravity::kMendable,
                  absl::StrCat("the allocator held ", most_footprint_bytes, " bytes for at most ",
                               most_live_bytes, " live bytes in ", most_threads,
                               " threads; the bound is ", bound));
}

}  // namespace ashlar::stress
