#include "stress/oracle/alignment_oracle.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kFundamentalAlignment = 16;

}  // namespace

void AlignmentOracle::AfterAllocate(const Block& block) {
  const std::size_t natural =
      std::max(std::bit_floor(std::min(block.size_bytes, kFundamentalAlignment)), std::size_t{1});
  const std::size_t alignment = block.alignment != 0 ? block.alignment : natural;
  if (reinterpret_cast<std::uintptr_t>(block.start) % alignment == 0) return;
  findings_.Speak(kName, Gravity::kCorrupt,
                  absl::StrCat(Describe(block), " are not aligned to ", alignment));
}

}  // namespace ashlar::stress
