#include "stress/run/run_trial.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "stress/oracle/overlap_map.h"
#include "stress/run/trial.h"
#include "stress/run/worker.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {
namespace {

// One block, said to be larger than any oracle can follow; its bytes are nowhere.
class VastSubject final : public Subject {
 public:
  std::string name() const override { return "vast"; }
  void* Allocate(std::size_t /*size_bytes*/) override {
    return reinterpret_cast<void*>(0x1000'0000'0000);
  }
  void* Allocate(std::size_t size_bytes, std::size_t /*alignment*/) override {
    return Allocate(size_bytes);
  }
  void* AllocateZeroed(std::size_t size_bytes) override { return Allocate(size_bytes); }
  void* Reallocate(void* /*block*/, std::size_t /*new_size_bytes*/) override { return nullptr; }
  using Subject::Free;
  void Free(void* /*block*/) override {}
  std::optional<std::size_t> UsableSize(const void* /*block*/) const override {
    return OverlapMap::kReachBytes + 1;
  }
};

TEST(RunTrial, AHarnessAtItsLimitGivesNoVerdict) {
  const absl::StatusOr<Outcome> outcome =
      RunTrial("vast", std::make_unique<VastSubject>(), {}, nullptr, [](Trial& trial) {
        Worker worker(trial);
        static_cast<void>(worker.Allocate({.size_bytes = 1}, 1));
        return absl::OkStatus();
      });
  ASSERT_TRUE(absl::IsResourceExhausted(outcome.status())) << outcome.status();
  EXPECT_TRUE(absl::StrContains(outcome.status().message(), "no verdict: "));
}

}  // namespace
}  // namespace ashlar::stress
