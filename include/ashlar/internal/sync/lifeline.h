// lifeline.h - may I still touch it? For threads that remember something which others may end.
//
//   63                    32   31     30     29      20 19        0
//   +-----------------------+-----+-------+------------+----------+
//   |  generation           | end | again |  visits    |  pins    |   generation 0: never opened
//   +-----------------------+-----+-------+------------+----------+
//
// The word outlives what it speaks of. A thread that keeps (word, generation) pins or visits before
// it looks inside. The end is declared once and happens when nobody is inside; from then on both
// are refused.
//
//   pin    by those whose call the end may wait for: they had a handle, or bring home a part that
//          was out. Who unpins last is told to look whether the end can happen now. "again" says
//          that somebody unpinned while others were still inside: then the last one looks again, so
//          that no last look is lost between two that leave together.
//   visit  by bystanders, who tidy up. Refused from the declaration on; and the declarer waits,
//          with a pin, until they are gone. So no bystander is inside when the last part comes
//          home: the end happens in a call of somebody who had to do with the thing, or not at all.
//
// Edge      E1: Unpin(), Depart() -> DeclareEnd(), HasVisitors(), TryPin(), TryEnd(). What those
//           did who have left: before the declarer looks, before who was told to look again does
//           so, before who ends takes it apart.
// Edge      E2: Open() -> TryPin(), TryVisit(). What the opener prepared.
// All changes but Open() are read-modify-writes, so each release reaches every later acquire.
// Progress  Depart and DeclareEnd wait-free, the others lock-free.
#ifndef ASHLAR_INTERNAL_SYNC_LIFELINE_H_
#define ASHLAR_INTERNAL_SYNC_LIFELINE_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/packed_word.h"

namespace ashlar::internal {

class Lifeline {
 public:
  constexpr Lifeline() = default;

  // Begins a new life; returns its generation. One opener at a time, after an end.
  std::uint32_t Open() {
    // relaxed: nobody else writes.
    const std::uint64_t next = Generation::Get(word_.load(std::memory_order_relaxed)) + 1;
    const std::uint64_t generation = Generation::Get(Generation::Put(0, next));
    const std::uint64_t opened = generation == 0 ? 1 : generation;
    word_.store(Generation::Put(0, opened), std::memory_order_release);  // release, E2
    return static_cast<std::uint32_t>(opened);
  }

  // False once this generation has ended.
  [[nodiscard]] bool TryPin(std::uint32_t generation) {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);  // relaxed: the CAS checks it
    do {
      if (Generation::Get(seen) != generation) return false;
      // acquire, E2 and E1. relaxed on failure: only the word itself is used.
    } while (!word_.compare_exchange_weak(seen, seen + Pins::kUnit, std::memory_order_acquire,
                                          std::memory_order_relaxed));
    return true;
  }

  enum class Visit : unsigned char {
    kInside,  // Depart() follows
    kFull,    // kMostVisitors are inside
    kEnding,  // the end was declared and has not happened
    kEnded,   // this generation is over
  };
  static constexpr std::uint64_t kMostVisitors = LowBits(10);

  [[nodiscard]] Visit TryVisit(std::uint32_t generation) {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);  // relaxed: the CAS checks it
    do {
      if (Generation::Get(seen) != generation) return Visit::kEnded;
      if (Ending::Get(seen) != 0) return Visit::kEnding;
      if (Visits::Get(seen) == kMostVisitors) return Visit::kFull;
      // acquire, E2. relaxed on failure: only the word itself is used.
    } while (!word_.compare_exchange_weak(seen, seen + Visits::kUnit, std::memory_order_acquire,
                                          std::memory_order_relaxed));
    return Visit::kInside;
  }

  void Depart() { word_.fetch_sub(Visits::kUnit, std::memory_order_release); }  // release, E1

  // For who declared the end and has a pin: no visitor comes any more. Those who were inside are
  // gone once this answers false.
  [[nodiscard]] bool HasVisitors() const {
    return Visits::Get(word_.load(std::memory_order_acquire)) != 0;  // acquire, E1
  }

  enum class Left : unsigned char {
    kNothingToDo,  // no end was declared, or others are still inside and will look
    kLast,         // the end was declared, nobody is inside, nobody left since the caller pinned
    kLookAgain,    // the same, but somebody left meanwhile: pin again, look again
  };

  Left Unpin() {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);  // relaxed: the CAS checks it
    std::uint64_t next;
    do {
      const std::uint64_t pins = Pins::Get(seen) - 1;
      const bool others = pins > 0 && Ending::Get(seen) != 0;
      next = Again::Put(Pins::Put(seen, pins), others ? 1 : 0);
      // release, E1. No acquire: who acts on the answer pins again or ends, and acquires there.
      // relaxed on failure: only the word itself is used.
    } while (!word_.compare_exchange_weak(seen, next, std::memory_order_release,
                                          std::memory_order_relaxed));
    if (Pins::Get(next) > 0 || Ending::Get(seen) == 0) return Left::kNothingToDo;
    return Again::Get(seen) != 0 ? Left::kLookAgain : Left::kLast;
  }

  // By somebody who has a pin and looks afterwards: from now on who unpins last is told so.
  void DeclareEnd() {
    // acquire, E1: who left before this was not told to look, so the caller's look must see what
    // they did. Nothing is released: the caller's Unpin follows.
    word_.fetch_or(Ending::kMask, std::memory_order_acquire);
  }

  [[nodiscard]] bool IsEnding(std::uint32_t generation) const {
    const std::uint64_t seen = word_.load(std::memory_order_relaxed);  // relaxed: a look
    return Generation::Get(seen) != generation || Ending::Get(seen) != 0;
  }

  // Ends the generation if the end was declared and nobody is inside; true for the one who did.
  [[nodiscard]] bool TryEnd(std::uint32_t generation) {
    const std::uint64_t idle = Ending::Put(Generation::Put(0, generation), 1);
    const std::uint64_t next = generation == Generation::kMax ? 1 : std::uint64_t{generation} + 1;
    std::uint64_t seen = idle;
    do {
      // acquire, E1. relaxed on failure: nothing is done then.
      if (word_.compare_exchange_weak(seen, Generation::Put(0, next), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return true;
      }
    } while (seen == idle);  // a weak CAS may fail without a reason
    return false;
  }

  // In the child of a fork, by its only thread: those who were inside in the parent are not here.
  void DropPins() {
    const std::uint64_t seen = word_.load(std::memory_order_relaxed);  // relaxed: alone
    const std::uint64_t left = Again::Put(Visits::Put(Pins::Put(seen, 0), 0), 0);
    word_.store(left, std::memory_order_relaxed);  // relaxed: alone
  }

 private:
  using Pins = PackedField<0, 20>;
  using Visits = PackedField<Pins::kEnd, 10>;
  using Again = PackedField<Visits::kEnd, 1>;
  using Ending = PackedField<Again::kEnd, 1>;
  using Generation = PackedField<Ending::kEnd, 32>;
  static_assert(Visits::kMax == kMostVisitors);
  static_assert(Generation::kEnd == 64);

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_LIFELINE_H_
