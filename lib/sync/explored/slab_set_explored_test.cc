// SlabSet: edges F2, with a slab's free word, and F3, between its levels. No data hangs on them: a
// slab with a free slot can be found once all are quiet.
#include "ashlar/internal/sync/slab_set.h"

#include <cstddef>
#include <cstdint>
#include <memory>

#include "ashlar/internal/sync/free_word.h"
#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// Slabs of one word each, whose bits are in one word of level 0. Slab 0's bit is stale.
template <std::size_t kUnits>
struct Slabs {
  SlabSetShape shape{kUnits};
  SlabSet<Concurrent>::Word table[3];  // two of level 0, one of level 1
  FreeWord<Concurrent> words[2];

  Slabs() { set().Insert(0); }
  SlabSet<Concurrent> set() { return {table, shape, 1, 0}; }

  void Give(std::size_t slab, std::uint64_t bits) {
    if (words[slab].Give(bits) == 0) set().Insert(slab);
  }
  // By who found slab `slab` full.
  void LookAgain(std::size_t slab) {
    set().Remove(slab);
    if (words[slab].Look() != 0) set().Insert(slab);
  }
  bool Has(std::size_t slab) {
    std::size_t found;
    return set().FindFrom(slab, &found) && found == slab;
  }
  void TakeFrom(std::size_t slab) {
    if (words[slab].Take(~std::uint64_t{0}) != 0) LookAgain(slab);
  }
};
using OneLevel = Slabs<64>;
using TwoLevels = Slabs<65>;

TEST(SlabSetExplored, ASlabThatGetsAFreeSlotAsItIsRemovedIsInTheSet) {
  ExpectAlways([] {
    const auto slabs = std::make_unique<OneLevel>();
    Together({
        [&] { slabs->LookAgain(0); },
        [&] { slabs->Give(0, 1); },
    });
    ASHLAR_REQUIRE(slabs->Has(0));
  });
}

TEST(SlabSetExplored, ASlabThatComesAsTheLastOfItsWordLeavesIsFoundFromAbove) {
  ExpectAlways([] {
    const auto slabs = std::make_unique<TwoLevels>();
    Together({
        [&] { slabs->LookAgain(0); },
        [&] { slabs->Give(1, 1); },
    });
    std::size_t found;
    ASHLAR_REQUIRE(slabs->set().FindFrom(0, &found) && found == 1);
    ASHLAR_REQUIRE(slabs->set().FindBelow(65, &found) && found == 1);
    ASHLAR_REQUIRE(slabs->set().FindFrom(64, &found) == false);
  });
}

TEST(SlabSetExplored, ASlabThatComesAsAnotherComesAndGoesIsFoundFromAbove) {
  ExpectAlways([] {
    const auto slabs = std::make_unique<TwoLevels>();
    Together({
        [&] { slabs->Give(1, 1); },
        [&] {
          slabs->Give(0, 1);
          slabs->TakeFrom(0);
        },
    });
    std::size_t found;
    ASHLAR_REQUIRE(slabs->set().FindBelow(65, &found) && found == 1);
  });
}

TEST(SlabSetExplored, AmidTrafficASlabWithAFreeSlotIsNotLost) {
  ExpectMostly(20000, [] {
    const auto slabs = std::make_unique<TwoLevels>();
    Together({
        [&] { slabs->LookAgain(0); },
        [&] { slabs->Give(1, 1); },
        [&] {
          slabs->Give(0, 1);
          slabs->TakeFrom(0);
        },
    });
    std::size_t found;
    ASHLAR_REQUIRE(slabs->set().FindBelow(65, &found) && found == 1);
  });
}

}  // namespace
}  // namespace ashlar::internal
