#include "stress/oracle/service_oracle.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

void ServiceOracle::WhenNotServed(std::size_t size_bytes, std::size_t alignment) {
  findings_.Speak(kName, Gravity::kMendable,
                  alignment == 0
                      ? absl::StrCat("a request for ", size_bytes, " bytes was not served")
                      : absl::StrCat("a request for ", size_bytes, " bytes aligned to ", alignment,
                                     " was not served"));
}

}  // namespace ashlar::stress
