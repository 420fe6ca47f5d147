#include "stress/oracle/homecoming_oracle.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

void HomecomingOracle::AtTheEnd(std::optional<std::size_t> kept_bytes) {
  if (!kept_bytes || *kept_bytes == 0) return;
  findings_.Speak(kName, Gravity::kMendable,
                  absl::StrCat("the allocator has ended and kept ", *kept_bytes, " bytes"));
}

}  // namespace ashlar::stress
