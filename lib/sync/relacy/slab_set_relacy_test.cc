// Edges F2 and F3: the handshakes of SlabSet (sync/slab_set.h), with a slab's free word below it
// and between its own two levels. Nothing plain hangs on them; what they keep is that a slab with a
// free slot can be found.
#include "lib/sync/relacy/relacy.h"

namespace ashlar::internal::relacy {
namespace {

enum class End { kNone, kGive, kLook, kInsertLook, kInsert, kRemove, kRemoveLook };

// Two slabs, whose bits are the same word of level 0.
template <End kWeak>
struct Set {
  static rl::memory_order Order(End end) { return At<kWeak>(end, rl::mo_seq_cst); }

  Word<int> free_word[2];
  Word<int> level[2];

  static int BitAt(int at, int slab) { return at == 0 ? 1 << slab : 1; }

  void Give(int slab, int bits) {
    if (free_word[slab].FetchOr(bits, Order(End::kGive)) == 0) InsertFrom(0, slab);
  }
  void InsertFrom(int from, int slab) {
    for (int at = from; at < 2; ++at) {
      const int bit = BitAt(at, slab);
      if ((level[at].Load(Order(End::kInsertLook)) & bit) != 0) continue;
      level[at].FetchOr(bit, Order(End::kInsert));
    }
  }
  void Remove(int slab) {
    for (int at = 0; at < 2; ++at) {
      const int bit = BitAt(at, slab);
      const int before = level[at].FetchAnd(~bit, Order(End::kRemove));
      if (at > 0 && level[at - 1].Load(Order(End::kRemoveLook)) != 0) return InsertFrom(at, slab);
      if ((before & ~bit) != 0) return;
    }
  }
  // By who found slab `slab` full, or a stale bit.
  void LookAgain(int slab) {
    Remove(slab);
    if (free_word[slab].Load(Order(End::kLook)) != 0) InsertFrom(0, slab);
  }

  void Begin(int words_of_slab_1) {
    free_word[0].Store(0, rl::mo_relaxed);
    free_word[1].Store(words_of_slab_1, rl::mo_relaxed);
    level[0].Store(1, rl::mo_relaxed);
    level[1].Store(1, rl::mo_relaxed);
  }
  void CheckThatItIsFound(int slab) {
    RL_ASSERT((level[0].Load(rl::mo_relaxed) & BitAt(0, slab)) != 0);
    RL_ASSERT(level[1].Load(rl::mo_relaxed) != 0);
  }
};

// Slab 0 is full and its bit is stale: one thread takes it off, another gives a slot of it.
template <End kWeak>
struct WordAndSet : rl::test_suite<WordAndSet<kWeak>, 2>, Set<kWeak> {
  void before() { this->Begin(0); }
  void thread(unsigned index) { index == 0 ? this->LookAgain(0) : this->Give(0, 1); }
  void after() { this->CheckThatItIsFound(0); }
};

// As slab 0 leaves, so that its word of level 0 becomes zero, slab 1 comes into the same word.
template <End kWeak>
struct TwoLevels : rl::test_suite<TwoLevels<kWeak>, 2>, Set<kWeak> {
  void before() { this->Begin(0); }
  void thread(unsigned index) { index == 0 ? this->LookAgain(0) : this->Give(1, 1); }
  void after() { this->CheckThatItIsFound(1); }
};

// Both, and a third thread that comes and goes.
template <End kWeak>
struct Traffic : rl::test_suite<Traffic<kWeak>, 3>, Set<kWeak> {
  void before() { this->Begin(0); }
  void thread(unsigned index) {
    if (index == 0) return this->LookAgain(0);
    if (index == 1) return this->Give(1, 1);
    this->Give(0, 2);
    this->free_word[0].FetchAnd(~2, rl::mo_acquire);
    this->LookAgain(0);
  }
  void after() { this->CheckThatItIsFound(1); }
};

TEST(SlabSetRelacy, AGivenSlotIsNeverLeftOutOfTheSet) {
  EXPECT_TRUE(Holds<WordAndSet<End::kNone>>());
  EXPECT_TRUE(Holds<Traffic<End::kNone>>());
}

TEST(SlabSetRelacy, F2NeedsSeqCstAtItsFourEnds) {
  EXPECT_FALSE(Holds<WordAndSet<End::kGive>>());
  EXPECT_FALSE(Holds<WordAndSet<End::kInsertLook>>());
  EXPECT_FALSE(Holds<WordAndSet<End::kRemove>>());
  EXPECT_FALSE(Holds<WordAndSet<End::kLook>>());
}

TEST(SlabSetRelacy, AWordThatIsNotZeroIsNeverLeftOutOfTheLevelAbove) {
  EXPECT_TRUE(Holds<TwoLevels<End::kNone>>());
}

TEST(SlabSetRelacy, F3NeedsSeqCstAtItsFourEnds) {
  EXPECT_FALSE(Holds<TwoLevels<End::kInsert>>());
  EXPECT_FALSE(Holds<TwoLevels<End::kInsertLook>>());
  EXPECT_FALSE(Holds<TwoLevels<End::kRemove>>());
  EXPECT_FALSE(Holds<TwoLevels<End::kRemoveLook>>());
}

}  // namespace
}  // namespace ashlar::internal::relacy
