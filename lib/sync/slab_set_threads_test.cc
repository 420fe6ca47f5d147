// SlabSet with its slabs' free words, by the handshake of its header: a slab with a free slot is in
// the set once all are quiet.
#include <algorithm>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/sync/free_word.h"
#include "ashlar/internal/sync/slab_set.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

// Slabs of one word each, in two words of level 0 that share a word of level 1.
class Slabs {
 public:
  static constexpr std::size_t kCount = 6;
  static constexpr unsigned kSlots = 1;  // full, and off the set, as often as can be
  static constexpr std::size_t kUnits = 300000;

  std::size_t UnitOf(std::size_t slab) const { return 70000 + slab / 3 * 64 + slab % 3; }
  FreeWord<Concurrent>& word(std::size_t slab) { return words_[slab]; }
  SlabSet<Concurrent> set() { return {table_.data(), shape_, 1, 0}; }

  // As SlabPool does: the slot, and if the word was 0 the set.
  void Give(std::size_t slab, std::uint64_t bits) {
    const std::uint64_t before = words_[slab].Give(bits);
    ASSERT_EQ(before & bits, 0u);
    if (before == 0) set().Insert(UnitOf(slab));
  }
  // Takes some of a slab's slots; off the set with it if that were the last.
  std::uint64_t Take(std::size_t slab, std::uint64_t wish) {
    const std::uint64_t mine = words_[slab].Take(wish);
    if (words_[slab].Guess() == 0) {
      set().Remove(UnitOf(slab));
      if (words_[slab].Look() != 0) set().Insert(UnitOf(slab));
    }
    return mine;
  }

 private:
  SlabSetShape shape_{kUnits};
  std::vector<SlabSet<Concurrent>::Word> table_{shape_.total_words};
  FreeWord<Concurrent> words_[kCount];
};

// A few takes and gives; all is given back in the end.
void Work(Slabs& slabs, std::minstd_rand& random) {
  struct Held {
    std::size_t slab;
    std::uint64_t bits;
  };
  std::vector<Held> held;
  for (int step = 0; step < 20; ++step) {
    const std::size_t slab = random() % Slabs::kCount;
    const std::uint64_t bits = slabs.Take(slab, std::uint64_t{1} << random() % Slabs::kSlots);
    if (bits != 0) held.push_back({slab, bits});
    if (held.size() < 3) continue;
    std::swap(held[random() % held.size()], held.back());
    slabs.Give(held.back().slab, held.back().bits);
    held.pop_back();
  }
  for (const Held& rest : held) slabs.Give(rest.slab, rest.bits);
}

void ExpectThatFreeSlotsAreFound(Slabs& slabs) {
  for (std::size_t slab = 0; slab < Slabs::kCount; ++slab) {
    const std::size_t unit = slabs.UnitOf(slab);
    std::size_t found;
    if (slabs.word(slab).Look() == 0) continue;
    ASSERT_TRUE(slabs.set().FindFrom(unit, &found));
    ASSERT_EQ(found, unit);
    ASSERT_TRUE(slabs.set().FindFrom(0, &found)) << "from below, through the upper levels";
    ASSERT_LE(found, unit);
    ASSERT_TRUE(slabs.set().FindBelow(unit + 1, &found));
    ASSERT_EQ(found, unit);
  }
}

// Many short rounds: a member that is lost shows only until the next insert beside it.
TEST(SlabSetThreads, NoSlabWithAFreeSlotIsLost) {
  constexpr unsigned kThreads = 3;
  constexpr int kRounds = 3000;
  const auto slabs = std::make_unique<Slabs>();
  for (std::size_t slab = 0; slab < Slabs::kCount; ++slab) {
    slabs->Give(slab, LowBits(Slabs::kSlots));
  }
  std::barrier quiet(kThreads, [&]() noexcept { ExpectThatFreeSlotsAreFound(*slabs); });
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < kThreads; ++id) {
    threads.emplace_back([&slabs, &quiet, id] {
      std::minstd_rand random(id + 1);
      for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
        Work(*slabs, random);
        quiet.arrive_and_wait();
      }
      quiet.arrive_and_drop();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t slab = 0; slab < Slabs::kCount; ++slab) {
    EXPECT_EQ(slabs->word(slab).Look(), LowBits(Slabs::kSlots));
  }
}

}  // namespace
}  // namespace ashlar::internal
