// HandleCount: edge H1.
#include "ashlar/internal/sync/handle_count.h"

#include <memory>

#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// What was done through each handle is plain.
struct Thing {
  HandleCount<Concurrent> count;
  int done[3] = {};
  int ends = 0;

  void GiveUp(int i) {
    done[i] = 1;
    if (!count.Release()) return;
    ++ends;
    for (int& each : done) each = 2;
  }
};

TEST(HandleCountExplored, WhatWasDoneThroughAnyHandleHappensBeforeTheEnd) {
  ExpectAlways([] {
    const auto thing = std::make_unique<Thing>();
    thing->count.Retain();
    thing->count.Retain();
    Together({
        [&] { thing->GiveUp(0); },
        [&] { thing->GiveUp(1); },
        [&] { thing->GiveUp(2); },
    });
    ASHLAR_REQUIRE(thing->ends == 1);
  });
}

TEST(HandleCountExplored, ACopyKeepsTheThingAlive) {
  ExpectAlways([] {
    const auto thing = std::make_unique<Thing>();
    thing->count.Retain();
    Together({
        [&] { thing->GiveUp(0); },
        [&] {
          thing->count.Retain();
          thing->GiveUp(1);
          thing->GiveUp(2);
        },
    });
    ASHLAR_REQUIRE(thing->ends == 1);
  });
}

}  // namespace
}  // namespace ashlar::internal
