// Edge M1 and the tag of MagazineStack (sync/magazine.h).
#include "lib/sync/relacy/relacy.h"

namespace ashlar::internal::relacy {
namespace {

enum class End {
  kNone, kTag, kPush, kPushLook, kPushLookAgain, kPopLook, kTotalLook
};

// Magazines 1 and 2 with one and two slots. head = tag * 16 + index; link = total * 16 + next.
template <End kWeak>
struct Stack {
  static constexpr int kMagazines = 2;

  Word<int> head;
  Word<int> link[kMagazines + 1];
  Plain<int> slots[kMagazines + 1];

  static int Successor(int seen, int index) {
    return (kWeak == End::kTag ? 0 : seen / 16 + 1) * 16 + index;
  }
  int Total(int index) {
    return index % 16 == 0 ? 0 : link[index % 16].Load(rl::mo_relaxed) / 16;
  }

  void Push(int index) {
    int seen = head.Load(At<kWeak>(End::kPushLook, rl::mo_acquire));
    while (true) {
      link[index].Store((Total(seen) + index) * 16 + seen % 16, rl::mo_relaxed);
      if (head.CompareExchange(seen, Successor(seen, index),
                               At<kWeak>(End::kPush, rl::mo_release))) {
        return;
      }
      seen = head.Load(At<kWeak>(End::kPushLookAgain, rl::mo_acquire));
    }
  }
  int Pop() {
    while (true) {
      int seen = head.Load(At<kWeak>(End::kPopLook, rl::mo_acquire));
      if (seen % 16 == 0) return 0;
      const int next = link[seen % 16].Load(rl::mo_relaxed) % 16;
      if (head.CompareExchange(seen, Successor(seen, next), rl::mo_relaxed)) return seen % 16;
    }
  }
  int TotalSlots() { return Total(head.Load(At<kWeak>(End::kTotalLook, rl::mo_acquire))); }

  // As at the start of a life: links are any number.
  void Begin() {
    head.Store(0, rl::mo_relaxed);
    for (int i = 1; i <= kMagazines; ++i) {
      link[i].Store(15 * 16, rl::mo_relaxed);
      slots[i].Set(0);
    }
  }
  void Use(int index) {
    RL_ASSERT(slots[index].Get() == 0);
    slots[index].Set(1);
    slots[index].Set(0);
  }
  void CheckThatAllAreThere() {
    RL_ASSERT(TotalSlots() == 3);
    const int first = Pop();
    RL_ASSERT(TotalSlots() == 3 - first);
    RL_ASSERT(first + Pop() == 3);
    RL_ASSERT(TotalSlots() == 0);
  }
};

// Two threads pop all they can, use it and push it back, the first popped first: the top comes
// back.
template <End kWeak>
struct TakeAndBring : rl::test_suite<TakeAndBring<kWeak>, 2>, Stack<kWeak> {
  void before() {
    this->Begin();
    this->Push(1);
    this->Push(2);
  }
  void thread(unsigned) {
    const int mine[] = {this->Pop(), this->Pop()};
    for (const int index : mine) {
      if (index != 0) this->Use(index);
    }
    for (const int index : mine) {
      if (index != 0) this->Push(index);
    }
  }
  void after() { this->CheckThatAllAreThere(); }
};

// Two threads push; a third looks at the total and pops one.
template <End kWeak>
struct BringAndTake : rl::test_suite<BringAndTake<kWeak>, 3>, Stack<kWeak> {
  void before() { this->Begin(); }
  void thread(unsigned index) {
    if (index < 2) {
      this->Use(static_cast<int>(index) + 1);
      this->Push(static_cast<int>(index) + 1);
      return;
    }
    RL_ASSERT(this->TotalSlots() <= 3);
    const int mine = this->Pop();
    if (mine == 0) return;
    this->Use(mine);
    this->Push(mine);
  }
  void after() { this->CheckThatAllAreThere(); }
};

TEST(MagazineRelacy, NoMagazineIsLostOrHandedOutTwiceAndTheTotalIsExact) {
  EXPECT_TRUE(Holds<TakeAndBring<End::kNone>>());
  EXPECT_TRUE(Holds<BringAndTake<End::kNone>>());
}

TEST(MagazineRelacy, WithoutItsTagTheHeadIsTakenForTheSame) {
  EXPECT_FALSE(Holds<TakeAndBring<End::kTag>>());
}

TEST(MagazineRelacy, M1NeedsReleaseAtThePush) {
  EXPECT_FALSE(Holds<BringAndTake<End::kPush>>());
}

TEST(MagazineRelacy, M1NeedsAcquireAtEachLook) {
  EXPECT_FALSE(Holds<BringAndTake<End::kPopLook>>());
  EXPECT_FALSE(Holds<BringAndTake<End::kPushLook>>());
  EXPECT_FALSE(Holds<BringAndTake<End::kPushLookAgain>>());
  EXPECT_FALSE(Holds<BringAndTake<End::kTotalLook>>());
}

}  // namespace
}  // namespace ashlar::internal::relacy
