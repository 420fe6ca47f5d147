// hand_over.h - a block on its way from the thread that begins it to the one that ends it.
//
// Each block of a trace is begun once and ended at most once, so each HandOver is used once: one
// thread gives, one takes. The word says how far it is:
//
//   kEmpty -> kGiven             given before anyone asked
//   kEmpty -> Parker* -> kGiven  the taker waits; the giver wakes it
//
// Edge H1: Give() -> TryTake()/Take(): the block, and all that the giver did with its bytes.
// Progress: Give() is wait-free but for the wake-up.
#ifndef ASHLAR_STRESS_REPLAY_HAND_OVER_H_
#define ASHLAR_STRESS_REPLAY_HAND_OVER_H_

#include <atomic>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "stress/oracle/block.h"
#include "stress/replay/parker.h"

namespace ashlar::stress {

class HandOver {
 public:
  void Give(const Block& block);

  // Waits, unless `is_over()` says that it is of no use any more: then false. Whoever makes it so
  // unparks all parkers afterwards.
  [[nodiscard]] bool Take(Parker& parker, absl::FunctionRef<bool()> is_over, Block& block);

  // Given and not yet taken, when no other thread is at work.
  [[nodiscard]] const Block* Peek() const;

 private:
  static constexpr std::uintptr_t kEmpty = 0;
  static constexpr std::uintptr_t kGiven = 1;

  std::atomic<std::uintptr_t> word_ = kEmpty;
  Block block_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_REPLAY_HAND_OVER_H_
