// SlabState: edges S1 and S2, and S3, with the set. A slab's bytes and record are plain.
#include "ashlar/internal/sync/slab_state.h"

#include <cstddef>
#include <cstdint>
#include <memory>

#include "ashlar/internal/sync/published.h"
#include "ashlar/internal/sync/slab_set.h"
#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

constexpr std::uint64_t kOwner = 7;

struct Slab {
  SlabState<Concurrent> state;
  MapByte size_class;
  int bytes = 0;

  void Make() {
    bytes = 1;
    size_class.Set(5);
    state.Publish(kOwner, 1);
  }
  bool TryUse() {
    if (!state.TryRetain(kOwner, 1)) return false;
    ASHLAR_REQUIRE(bytes == 1);
    ASHLAR_REQUIRE(size_class.Get() == 5);
    return true;
  }
  void Release() { ASHLAR_REQUIRE(state.Release(1) >= 1); }
  bool TryMakeAgain() {
    if (!state.TryRetire(kOwner)) return false;
    bytes = 0;
    Make();
    return true;
  }
};

TEST(SlabStateExplored, WhatItsMakerWroteIsVisibleToWhoRetains) {
  ExpectAlwaysWithinLimits([] {
    const auto slab = std::make_unique<Slab>();
    Together({
        [&] { slab->Make(); },
        [&] { slab->TryUse(); },
    });
  });
}

// A holder against an owner that makes other memory of the slab, and then the slab again: the word
// comes back with the same bits between the look of TryRetain and its swap.
TEST(SlabStateExplored, WhatItsHoldersDidHappensBeforeItsMemoryIsUsedAgain) {
  ExpectAlwaysWithinLimits([] {
    const auto slab = std::make_unique<Slab>();
    slab->Make();
    Together({
        [&] { slab->TryMakeAgain(); },
        [&] {
          if (slab->TryUse()) slab->Release();
        },
    });
    ASHLAR_REQUIRE(slab->state.count() == 1);
  });
}

// The set has a bit for a slab that is nobody's.
TEST(SlabStateExplored, ASlabThatIsMadeWhereAStaleBitIsRemovedIsInTheSet) {
  struct SlabAndSet : Slab {
    SlabSetShape shape{64};
    SlabSet<Concurrent>::Word table[1];

    SlabSet<Concurrent> set() { return {table, shape, 1, 0}; }
  };
  ExpectAlwaysWithinLimits([] {
    const auto slab = std::make_unique<SlabAndSet>();
    slab->set().Insert(0);
    Together({
        [&] {
          slab->Make();
          slab->set().Insert(0);
        },
        [&] {
          slab->set().Remove(0);
          if (!slab->TryUse()) return;
          slab->set().Insert(0);
          slab->Release();
        },
    });
    std::size_t found;
    ASHLAR_REQUIRE(slab->set().FindFrom(0, &found));
  });
}

}  // namespace
}  // namespace ashlar::internal
