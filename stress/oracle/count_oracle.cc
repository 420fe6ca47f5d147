#include "stress/oracle/count_oracle.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

void CountOracle::WhenQuiescent(const Census& census, std::uint64_t live_blocks,
                                std::uint64_t live_bytes) {
  if (census.live_blocks && *census.live_blocks != live_blocks) {
    findings_.Speak(kName, Gravity::kMendable,
                    absl::StrCat(live_blocks, " blocks are live, but the allocator counts ",
                                 *census.live_blocks));
  }
  if (census.live_bytes && *census.live_bytes != live_bytes) {
    findings_.Speak(
        kName, Gravity::kMendable,
        absl::StrCat(live_bytes, " bytes are live, but the allocator counts ", *census.live_bytes));
  }
  if (!census.contradiction.empty()) {
    findings_.Speak(kName, Gravity::kMendable, census.contradiction);
  }
}

}  // namespace ashlar::stress
