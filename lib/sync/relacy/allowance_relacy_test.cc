// Edge A1: a promise of the Allowance (sync/allowance.h) and the bits that it was drawn for.
#include "lib/sync/relacy/relacy.h"

namespace ashlar::internal::relacy {
namespace {

enum class End { kNone, kGrant, kDraw };

template <End kWeak>
struct Promises {
  Word<int> value;

  void Grant() { value.FetchAdd(1, At<kWeak>(End::kGrant, rl::mo_release)); }
  int Draw(int n) {
    int seen = value.Load(rl::mo_relaxed);
    int drawn;
    do {
      drawn = seen < n ? seen : n;
      if (drawn == 0) return 0;
    } while (!value.CompareExchange(seen, seen - drawn, At<kWeak>(End::kDraw, rl::mo_acquire)));
    return drawn;
  }
};

// Two threads give a slot each: the bit, the set, the grant, as SlabPool::Give does. A third draws;
// from then on a free slot can be found, as nobody takes any.
template <End kWeak>
struct PromiseAndBits : rl::test_suite<PromiseAndBits<kWeak>, 3>, Promises<kWeak> {
  Word<int> free_word;
  Word<int> set;

  void before() {
    this->value.Store(0, rl::mo_relaxed);
    free_word.Store(0, rl::mo_relaxed);
    set.Store(0, rl::mo_relaxed);
  }
  void thread(unsigned index) {
    if (index < 2) {
      // relaxed: F1 and F2 are the business of other pages; A1 alone must carry the bits.
      free_word.FetchOr(1 << index, rl::mo_relaxed);
      set.FetchOr(1, rl::mo_relaxed);
      this->Grant();
    } else if (this->Draw(2) > 0) {
      RL_ASSERT(set.Load(rl::mo_relaxed) != 0);
      RL_ASSERT(free_word.Load(rl::mo_relaxed) != 0);
    }
  }
};

// Three draw two each from three.
struct ThreeDrawers : rl::test_suite<ThreeDrawers, 3>, Promises<End::kNone> {
  Word<int> drawn;

  void before() {
    value.Store(3, rl::mo_relaxed);
    drawn.Store(0, rl::mo_relaxed);
  }
  void thread(unsigned) { drawn.FetchAdd(Draw(2), rl::mo_relaxed); }
  void after() { RL_ASSERT(drawn.Load(rl::mo_relaxed) == 3); }
};

TEST(AllowanceRelacy, APromiseHasItsBit) { EXPECT_TRUE(Holds<PromiseAndBits<End::kNone>>()); }

TEST(AllowanceRelacy, A1NeedsReleaseAndAcquire) {
  EXPECT_FALSE(Holds<PromiseAndBits<End::kGrant>>());
  EXPECT_FALSE(Holds<PromiseAndBits<End::kDraw>>());
}

TEST(AllowanceRelacy, NoMoreIsDrawnThanThereIs) { EXPECT_TRUE(Holds<ThreeDrawers>()); }

}  // namespace
}  // namespace ashlar::internal::relacy
