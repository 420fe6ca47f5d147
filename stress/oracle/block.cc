#include "stress/oracle/block.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

std::string Describe(const Block& block) {
  return absl::StrCat(block.size_bytes, " bytes at 0x",
                      absl::Hex(reinterpret_cast<std::uintptr_t>(block.start)));
}

}  // namespace ashlar::stress
