#include "stress/oracle/pattern_oracle.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "stress/oracle/pattern.h"

namespace ashlar::stress {

void PatternOracle::AfterAllocate(const Block& block) {
  WritePattern(block.start, block.extent_bytes, block.seed);
}

void PatternOracle::BeforeFree(const Block& block) {
  Check(block, block.extent_bytes, block, "was changed by another");
}

void PatternOracle::AfterReallocate(const Block& before, const Block& now) {
  Check(now, std::min(before.size_bytes, now.size_bytes), before, "was lost in a reallocation");
  WritePattern(now.start, now.extent_bytes, now.seed);
}

void PatternOracle::Check(const Block& block, std::size_t limit_bytes, const Block& as_written,
                          const char* what) {
  const std::optional<std::size_t> damage =
      FindDamage(block.start, as_written.extent_bytes, limit_bytes, as_written.seed);
  if (!damage) return;
  findings_.Speak(kName, Gravity::kCorrupt,
                  absl::StrCat("of ", Describe(block), " the byte at offset ", *damage, " ", what));
}

}  // namespace ashlar::stress
