#include "stress/oracle/overlap_oracle.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

void OverlapOracle::AfterAllocate(const Block& block) {
  switch (map_.Claim(block.start, block.extent_bytes)) {
    case OverlapMap::Answer::kYes:
      return;
    case OverlapMap::Answer::kNo:
      findings_.Speak(kName, Gravity::kCorrupt,
                      absl::StrCat(Describe(block), " overlap another live block"));
      return;
    case OverlapMap::Answer::kTooMuch:
      findings_.GiveUp(absl::StrCat(
          "no verdict: ", Describe(block), " are more than the overlap map can follow, which is ",
          OverlapMap::kReachBytes >> 30, " GiB of addresses and what memory there is for itself"));
      return;
  }
}

void OverlapOracle::BeforeFree(const Block& block) {
  // What was claimed can be reached.
  if (map_.Release(block.start, block.extent_bytes) != OverlapMap::Answer::kYes) {
    findings_.Speak(kName, Gravity::kCorrupt,
                    absl::StrCat(Describe(block), " were taken by another block while live"));
  }
}

}  // namespace ashlar::stress
