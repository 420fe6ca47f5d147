// Edges S1, S2 and S3 of SlabState (sync/slab_state.h): a slab that is retired and made again while
// others try to hold it, and the handshake between its state and its class's set.
#include "lib/sync/relacy/relacy.h"

namespace ashlar::internal::relacy {
namespace {

enum class End {
  kNone,
  kPublish,
  kRetainLook,
  kRetain,
  kRelease,
  kRetire,
  kInsertLook,
  kRemove,
};

// One slab of owner 1: the word is owner * 16 + count.
template <End kWeak>
struct Slab {
  static constexpr int kEmpty = 16 + 1;

  Word<int> state;
  Word<int> set;
  Plain<int> bytes;  // its memory and its record

  void Publish(int word) { state.Store(word, At<kWeak>(End::kPublish, rl::mo_seq_cst)); }
  bool TryRetain() {
    int seen = state.Load(At<kWeak>(End::kRetainLook, rl::mo_seq_cst));
    do {
      if (seen < 16) return false;
    } while (!state.CompareExchange(seen, seen + 1, At<kWeak>(End::kRetain, rl::mo_acquire)));
    return true;
  }
  void Release() { state.FetchSub(1, At<kWeak>(End::kRelease, rl::mo_release)); }
  bool TryRetire() {
    int seen = kEmpty;
    do {
      if (state.CompareExchange(seen, 0, At<kWeak>(End::kRetire, rl::mo_acquire))) return true;
    } while (seen == kEmpty);
    return false;
  }
  void Insert() {
    if (set.Load(At<kWeak>(End::kInsertLook, rl::mo_seq_cst)) != 0) return;
    set.FetchOr(1, rl::mo_seq_cst);
  }
  void Remove() { set.FetchAnd(0, At<kWeak>(End::kRemove, rl::mo_seq_cst)); }
};

// The set has a stale bit for a slab that is nobody's. A maker makes the slab; a finder of the bit
// removes it. Retain and Release guard the bytes as the maker wrote them.
template <End kWeak>
struct MakeAgainstRemove : rl::test_suite<MakeAgainstRemove<kWeak>, 2>, Slab<kWeak> {
  void before() {
    this->state.Store(0, rl::mo_relaxed);
    this->set.Store(1, rl::mo_relaxed);
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->bytes.Set(1);
      this->Publish(Slab<kWeak>::kEmpty);
      this->Insert();
    } else {
      this->Remove();
      if (!this->TryRetain()) return;
      RL_ASSERT(this->bytes.Get() == 1);
      this->Insert();
      this->Release();
    }
  }
  void after() { RL_ASSERT(this->set.Load(rl::mo_relaxed) == 1); }
};

// One thread retires the slab, uses its memory and makes it again; another holds it if it can.
template <End kWeak>
struct RetireAgainstRetain : rl::test_suite<RetireAgainstRetain<kWeak>, 2>, Slab<kWeak> {
  void before() {
    this->bytes.Set(1);
    this->state.Store(Slab<kWeak>::kEmpty, rl::mo_relaxed);
  }
  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 2; ++i) {
        if (!this->TryRetire()) continue;
        this->bytes.Set(0);
        this->bytes.Set(1);
        this->Publish(Slab<kWeak>::kEmpty);
      }
    } else if (this->TryRetain()) {
      RL_ASSERT(this->bytes.Get() == 1);
      this->bytes.Set(1);
      this->Release();
    }
  }
};

TEST(SlabStateRelacy, AMadeSlabIsNeverLeftOutOfTheSet) {
  EXPECT_TRUE(Holds<MakeAgainstRemove<End::kNone>>());
}

TEST(SlabStateRelacy, S3NeedsSeqCstAtItsFourEnds) {
  EXPECT_FALSE(Holds<MakeAgainstRemove<End::kPublish>>());
  EXPECT_FALSE(Holds<MakeAgainstRemove<End::kInsertLook>>());
  EXPECT_FALSE(Holds<MakeAgainstRemove<End::kRemove>>());
  EXPECT_FALSE(Holds<MakeAgainstRemove<End::kRetainLook>>());
}

TEST(SlabStateRelacy, WhoHoldsASlabHasItsBytesAndWhoRetiredItHasThemAlone) {
  EXPECT_TRUE(Holds<RetireAgainstRetain<End::kNone>>());
}

TEST(SlabStateRelacy, S1NeedsAcquireAtTheSwapOfTryRetain) {
  EXPECT_FALSE(Holds<RetireAgainstRetain<End::kRetain>>());
}

TEST(SlabStateRelacy, S2NeedsReleaseAndAcquire) {
  EXPECT_FALSE(Holds<RetireAgainstRetain<End::kRelease>>());
  EXPECT_FALSE(Holds<RetireAgainstRetain<End::kRetire>>());
}

}  // namespace
}  // namespace ashlar::internal::relacy
