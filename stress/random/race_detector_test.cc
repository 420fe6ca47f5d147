// The harness leaves the race detector its eyes: an allocator that hands out memory again without
// ordering it after the free is reported, although nothing of the harness would notice on x86.
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/base/config.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "stress/random/mix.h"
#include "stress/random/random_scenario.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kSlotBytes = 64;
constexpr int kExitCodeOfTheRaceDetector = 66;

// A shelf for one freed block, which the next allocation takes; the order of both is planted.
class ShelfSubject final : public Subject {
 public:
  explicit ShelfSubject(std::memory_order order) : order_(order) {}

  std::string name() const override { return "shelf"; }
  void* Allocate(std::size_t /*size_bytes*/) override {
    if (void* const block = shelf_.exchange(nullptr, order_)) return block;
    return slots_[used_.fetch_add(1, std::memory_order_relaxed)].bytes;
  }
  void* Allocate(std::size_t size_bytes, std::size_t /*alignment*/) override {
    return Allocate(size_bytes);
  }
  void* AllocateZeroed(std::size_t /*size_bytes*/) override { return nullptr; }
  void* Reallocate(void* /*block*/, std::size_t /*new_size_bytes*/) override { return nullptr; }
  using Subject::Free;
  // What lay there before is lost: it is never handed out again.
  void Free(void* block) override { shelf_.exchange(block, order_); }

 private:
  struct alignas(kSlotBytes) Slot {
    char bytes[kSlotBytes];
  };
  static constexpr std::size_t kSlots = 100'000;

  std::memory_order order_;
  std::atomic<void*> shelf_ = nullptr;
  std::atomic<std::size_t> used_ = 0;
  std::unique_ptr<Slot[]> slots_ = std::make_unique<Slot[]>(kSlots);
};

Outcome Try(std::memory_order order) {
  const ObjectMix mix(kSlotBytes, kSlotBytes);
  const RandomOptions options{.seed = 31, .operations = 50'000};
  absl::StatusOr<Outcome> outcome =
      RunTrial("shelf", std::make_unique<ShelfSubject>(order),
               {.most_threads = WorkersFor(options), .bounds_footprint = false}, nullptr,
               [&](Trial& trial) { return DriveAtRandom(trial, mix, options); });
  return *std::move(outcome);
}

TEST(RaceDetector, IsSilentWhenTheAllocatorOrdersItsBlocks) {
  EXPECT_TRUE(Try(std::memory_order_acq_rel).passed());
}

TEST(RaceDetector, SpeaksWhenTheAllocatorLacksAnEdge) {
#if defined(ABSL_HAVE_THREAD_SANITIZER)
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(static_cast<void>(Try(std::memory_order_relaxed)),
              testing::ExitedWithCode(kExitCodeOfTheRaceDetector), "data race");
#else
  GTEST_SKIP() << "no race detector here, exit code " << kExitCodeOfTheRaceDetector;
#endif
}

}  // namespace
}  // namespace ashlar::stress
