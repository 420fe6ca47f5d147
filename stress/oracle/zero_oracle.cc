#include "stress/oracle/zero_oracle.h"

#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "stress/oracle/pattern.h"

namespace ashlar::stress {

void ZeroOracle::AfterAllocateZeroed(const Block& block) {
  const std::optional<std::size_t> offset = FindNonZero(block.start, block.size_bytes);
  if (!offset) return;
  findings_.Speak(kName, Gravity::kCorrupt,
                  absl::StrCat("of ", Describe(block), " asked for as zero, the byte at offset ",
                               *offset, " is not"));
}

}  // namespace ashlar::stress
