#include "stress/oracle/usable_size_oracle.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

void UsableSizeOracle::AfterAllocate(const Block& block) {
  if (block.extent_bytes >= block.size_bytes) return;
  findings_.Speak(
      kName, Gravity::kCorrupt,
      absl::StrCat("of ", Describe(block), " only ", block.extent_bytes, " may be used"));
}

void UsableSizeOracle::BeforeFree(const Block& block, std::size_t usable_bytes) {
  if (usable_bytes == block.extent_bytes) return;
  findings_.Speak(kName, Gravity::kCorrupt,
                  absl::StrCat(Describe(block), " had ", block.extent_bytes,
                               " usable bytes when allocated and have ", usable_bytes, " now"));
}

}  // namespace ashlar::stress
