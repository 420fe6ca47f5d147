// Edge E1 and the "again" of Lifeline (sync/lifeline.h): a pool whose end is declared ends once, and
// whoever ends it has seen all that others did in it.
#include "lib/sync/relacy/relacy.h"

namespace ashlar::internal::relacy {
namespace {

enum class End { kNone, kAgain, kTryPin, kUnpin, kDeclareEnd, kTryEnd };

// The word: pins below 16, then a bit for again, one for ending, and the generation.
template <End kWeak>
struct Life {
  static constexpr int kAgainBit = 16;
  static constexpr int kEndingBit = 32;
  static constexpr int kGeneration = 64;

  Word<int> word;

  void Begin() { word.Store(kGeneration, rl::mo_relaxed); }
  bool TryPin() {
    int seen = word.Load(rl::mo_relaxed);
    do {
      if (seen / kGeneration != 1) return false;
    } while (!word.CompareExchange(seen, seen + 1, At<kWeak>(End::kTryPin, rl::mo_acquire)));
    return true;
  }
  enum class Left { kNothingToDo, kLast, kLookAgain };
  Left Unpin() {
    int seen = word.Load(rl::mo_relaxed);
    int next;
    do {
      next = (seen - 1) & ~kAgainBit;
      const bool others = next % 16 > 0 && (seen & kEndingBit) != 0;
      if (others && kWeak != End::kAgain) next |= kAgainBit;
    } while (!word.CompareExchange(seen, next, At<kWeak>(End::kUnpin, rl::mo_release)));
    if (next % 16 > 0 || (seen & kEndingBit) == 0) return Left::kNothingToDo;
    return (seen & kAgainBit) != 0 ? Left::kLookAgain : Left::kLast;
  }
  void DeclareEnd() {
    word.FetchOr(kEndingBit, At<kWeak>(End::kDeclareEnd, rl::mo_acquire));
  }
  bool IsEnding() {
    const int seen = word.Load(rl::mo_relaxed);
    return seen / kGeneration != 1 || (seen & kEndingBit) != 0;
  }
  bool TryEnd() {
    int seen = kGeneration | kEndingBit;
    do {
      if (word.CompareExchange(seen, 2 * kGeneration, At<kWeak>(End::kTryEnd, rl::mo_acquire))) {
        return true;
      }
    } while (seen == (kGeneration | kEndingBit));
    return false;
  }
};

// A pool with two slots out. Two threads bring one home each, as MagazinePool::FreeUnheld does; a
// third gives up the last handle; it and they leave as MagazinePool::Leave does.
template <End kWeak>
struct LastSlotAgainstLastHandle : rl::test_suite<LastSlotAgainstLastHandle<kWeak>, 3>,
                                   Life<kWeak> {
  Word<int> home;
  Word<int> ends;
  Plain<int> bytes[3];  // one for each thread; who ends the pool takes all

  void before() {
    this->Begin();
    home.Store(0, rl::mo_relaxed);
    ends.Store(0, rl::mo_relaxed);
  }
  void Leave() {
    while (true) {
      const bool can_end = this->IsEnding() && home.Load(rl::mo_relaxed) == 2;
      switch (this->Unpin()) {
        case Life<kWeak>::Left::kNothingToDo:
          return;
        case Life<kWeak>::Left::kLookAgain:
          if (!this->TryPin()) return;
          break;
        case Life<kWeak>::Left::kLast:
          if (!can_end || !this->TryEnd()) return;
          for (Plain<int>& mine : bytes) mine.Set(2);
          ends.FetchAdd(1, rl::mo_relaxed);
          return;
      }
    }
  }
  void thread(unsigned index) {
    RL_ASSERT(this->TryPin());
    bytes[index].Set(1);
    if (index < 2) {
      home.FetchAdd(1, rl::mo_relaxed);
    } else {
      this->DeclareEnd();
    }
    Leave();
  }
  void after() { RL_ASSERT(ends.Load(rl::mo_relaxed) == 1); }
};

// A pool that ends at once, waiting for who is inside, as MagazinePool::EndNow does.
template <End kWeak>
struct EndNow : rl::test_suite<EndNow<kWeak>, 2>, Life<kWeak> {
  Plain<int> bytes;

  void before() { this->Begin(); }
  void thread(unsigned index) {
    if (!this->TryPin()) return;
    if (index == 0) {
      bytes.Set(1);
      this->Unpin();
      return;
    }
    this->DeclareEnd();
    this->Unpin();
    for (int i = 0; i < 3; ++i) {
      if (!this->TryEnd()) continue;
      bytes.Set(2);
      return;
    }
  }
};

TEST(LifelineRelacy, AnEndHappensOnceAndAfterAllThatWasDone) {
  EXPECT_TRUE(Holds<LastSlotAgainstLastHandle<End::kNone>>());
  EXPECT_TRUE(Holds<EndNow<End::kNone>>());
}

TEST(LifelineRelacy, WithoutAgainTwoThatLeaveTogetherMissTheEnd) {
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kAgain>>());
}

TEST(LifelineRelacy, E1NeedsReleaseAndAcquire) {
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kUnpin>>());
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kTryPin>>());
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kDeclareEnd>>());
  EXPECT_FALSE(Holds<EndNow<End::kTryEnd>>());
}

}  // namespace
}  // namespace ashlar::internal::relacy
