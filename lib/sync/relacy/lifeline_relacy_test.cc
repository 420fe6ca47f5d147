// Edge E1, the "again" and the visits of Lifeline (sync/lifeline.h): a pool whose end is declared
// ends once, in a call of somebody who had to do with it, and whoever ends it has seen all that
// others did in it.
#include "lib/sync/relacy/relacy.h"

namespace ashlar::internal::relacy {
namespace {

enum class End {
  kNone, kAgain, kWait, kTryPin, kUnpin, kDeclareEnd, kDepart, kHasVisitors, kTryEnd
};

// The word: pins below 16, then two bits for visits, one for again, one for ending, the generation.
template <End kWeak>
struct Life {
  static constexpr int kVisit = 16;
  static constexpr int kVisits = 3 * kVisit;
  static constexpr int kAgainBit = 64;
  static constexpr int kEndingBit = 128;
  static constexpr int kGeneration = 256;

  Word<int> word;

  void Begin() { word.Store(kGeneration, rl::mo_relaxed); }
  bool TryPin() {
    int seen = word.Load(rl::mo_relaxed);
    do {
      if (seen / kGeneration != 1) return false;
    } while (!word.CompareExchange(seen, seen + 1, At<kWeak>(End::kTryPin, rl::mo_acquire)));
    return true;
  }
  bool TryVisit() {
    int seen = word.Load(rl::mo_relaxed);
    do {
      if (seen / kGeneration != 1 || (seen & kEndingBit) != 0) return false;
    } while (!word.CompareExchange(seen, seen + kVisit, rl::mo_acquire));
    return true;
  }
  void Depart() { word.FetchSub(kVisit, At<kWeak>(End::kDepart, rl::mo_release)); }
  bool HasVisitors() {
    return (word.Load(At<kWeak>(End::kHasVisitors, rl::mo_acquire)) & kVisits) != 0;
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

// A slot that a bystander moves from a magazine home, as upkeep and recalls do, while the last
// handle is given up. Between the two it counts nowhere: who looks then finds a slot out. The end
// is to happen all the same, and in the call of who gives up the handle.
template <End kWeak>
struct BystanderAgainstLastHandle : rl::test_suite<BystanderAgainstLastHandle<kWeak>, 2>,
                                    Life<kWeak> {
  Plain<int> counted;
  bool has_ended = false;

  void before() {
    this->Begin();
    counted.Set(1);
    has_ended = false;
  }
  void thread(unsigned index) {
    if (index == 0) {
      if (!this->TryVisit()) return;
      counted.Set(0);
      counted.Set(1);
      this->Depart();
      return;
    }
    RL_ASSERT(this->TryPin());
    this->DeclareEnd();
    while (kWeak != End::kWait && this->HasVisitors()) rl::yield(1, $);
    const bool can_end = counted.Get() == 1;
    RL_ASSERT(this->Unpin() == Life<kWeak>::Left::kLast);
    RL_ASSERT(can_end && this->TryEnd());
    counted.Set(2);
    has_ended = true;
  }
  void after() { RL_ASSERT(has_ended); }
};

// A pool that ends at once, waiting for who is inside, as MagazinePool::EndNow does: for one with a
// pin, or for a visitor.
template <End kWeak, bool kOfVisitor>
struct EndNow : rl::test_suite<EndNow<kWeak, kOfVisitor>, 2>, Life<kWeak> {
  Plain<int> bytes;

  void before() { this->Begin(); }
  void thread(unsigned index) {
    if (index == 0) {
      if (!(kOfVisitor ? this->TryVisit() : this->TryPin())) return;
      bytes.Set(1);
      if (kOfVisitor) {
        this->Depart();
      } else {
        this->Unpin();
      }
      return;
    }
    if (!this->TryPin()) return;
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
  EXPECT_TRUE((Holds<EndNow<End::kNone, false>>()));
  EXPECT_TRUE((Holds<EndNow<End::kNone, true>>()));
}

TEST(LifelineRelacy, ABystanderIsGoneWhenTheEndComes) {
  EXPECT_TRUE(Holds<BystanderAgainstLastHandle<End::kNone>>());
}

TEST(LifelineRelacy, WithoutTheWaitABystanderHidesAPartThatIsHome) {
  EXPECT_FALSE(Holds<BystanderAgainstLastHandle<End::kWait>>());
}

TEST(LifelineRelacy, WithoutAgainTwoThatLeaveTogetherMissTheEnd) {
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kAgain>>());
}

TEST(LifelineRelacy, E1NeedsReleaseAndAcquire) {
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kUnpin>>());
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kTryPin>>());
  EXPECT_FALSE(Holds<LastSlotAgainstLastHandle<End::kDeclareEnd>>());
  EXPECT_FALSE((Holds<EndNow<End::kTryEnd, false>>()));
  EXPECT_FALSE((Holds<EndNow<End::kTryEnd, true>>()));
  EXPECT_FALSE((Holds<EndNow<End::kDepart, true>>()));
  EXPECT_FALSE(Holds<BystanderAgainstLastHandle<End::kDepart>>());
  EXPECT_FALSE(Holds<BystanderAgainstLastHandle<End::kHasVisitors>>());
}

}  // namespace
}  // namespace ashlar::internal::relacy
