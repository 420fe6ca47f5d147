#include "stress/replay/hand_over.h"

namespace ashlar::stress {
namespace {

constexpr int kLooksBeforeParking = 64;

}  // namespace

void HandOver::Give(const Block& block) {
  block_ = block;
  // release, H1: the block. acquire: the waiting thread's parker.
  const std::uintptr_t seen = word_.exchange(kGiven, std::memory_order_acq_rel);
  if (seen != kEmpty) reinterpret_cast<Parker*>(seen)->Unpark();
}

bool HandOver::Take(Parker& parker, absl::FunctionRef<bool()> is_over, Block& block) {
  for (int looks = 0;; ++looks) {
    // acquire, H1.
    std::uintptr_t seen = word_.load(std::memory_order_acquire);
    if (seen == kGiven) break;
    if (is_over()) return false;
    if (looks < kLooksBeforeParking) continue;
    const auto self = reinterpret_cast<std::uintptr_t>(&parker);
    // release: the parker is ready to be used. relaxed on failure: the word is loaded again.
    if (seen == self || word_.compare_exchange_strong(seen, self, std::memory_order_release,
                                                      std::memory_order_relaxed)) {
      parker.Park();
    }
  }
  block = block_;
  return true;
}

const Block* HandOver::Peek() const {
  // relaxed: whoever gave was joined.
  return word_.load(std::memory_order_relaxed) == kGiven ? &block_ : nullptr;
}

}  // namespace ashlar::stress
