// Edge L1 of Lock (sync/lock.h), and that no thread sleeps for ever.
#include "lib/sync/relacy/relacy.h"

namespace ashlar::internal::relacy {
namespace {

enum class End { kNone, kFast, kSlow, kRelease, kWake };

template <End kWeak>
struct ThreeWorkers : rl::test_suite<ThreeWorkers<kWeak>, 3> {
  Word<int> word;  // 0 free, 1 held, 2 held and somebody may wait
  Plain<int> count;

  void before() {
    word.Store(0, rl::mo_relaxed);
    count.Set(0);
  }
  void Acquire() {
    int seen = 0;
    // The lock's is strong; a weak one takes the slow path more often.
    if (word.CompareExchange(seen, 1, At<kWeak>(End::kFast, rl::mo_acquire))) return;
    while (word.Exchange(2, At<kWeak>(End::kSlow, rl::mo_acquire)) != 0) word.WaitWhile(2);
  }
  void Release() {
    if (word.Exchange(0, At<kWeak>(End::kRelease, rl::mo_release)) == 2 && kWeak != End::kWake) {
      word.WakeOne();
    }
  }
  void thread(unsigned) {
    Acquire();
    count.Set(count.Get() + 1);
    Release();
  }
  void after() { RL_ASSERT(count.Get() == 3); }
};

TEST(LockRelacy, OneAtATimeAndNobodySleepsForEver) {
  EXPECT_TRUE(Holds<ThreeWorkers<End::kNone>>());
}

TEST(LockRelacy, L1NeedsReleaseAndAcquire) {
  EXPECT_FALSE(Holds<ThreeWorkers<End::kFast>>());
  EXPECT_FALSE(Holds<ThreeWorkers<End::kSlow>>());
  EXPECT_FALSE(Holds<ThreeWorkers<End::kRelease>>());
}

TEST(LockRelacy, WhoSleepsIsWoken) { EXPECT_FALSE(Holds<ThreeWorkers<End::kWake>>()); }

}  // namespace
}  // namespace ashlar::internal::relacy
