// FreeWord: edge F1. F2 is between it and the set: slab_set_explored_test.cc.
#include "ashlar/internal/sync/free_word.h"

#include <cstdint>
#include <memory>

#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// A slot's bytes are plain.
struct WordAndSlot {
  FreeWord<Concurrent> word;
  int slot = 0;
};

TEST(FreeWordExplored, WhatWasDoneWithASlotHappensBeforeWhoTakesItNext) {
  ExpectAlways([] {
    const auto shared = std::make_unique<WordAndSlot>();
    Together({
        [&] {
          shared->slot = 1;
          ASHLAR_REQUIRE(shared->word.Give(1) == 0);
        },
        [&] {
          if (shared->word.Take(1) == 0) return;
          ASHLAR_REQUIRE(shared->slot == 1);
          shared->slot = 2;
        },
    });
  });
}

TEST(FreeWordExplored, AGiveOfAnotherSlotCarriesThoseBefore) {
  ExpectAlways([] {
    const auto shared = std::make_unique<WordAndSlot>();
    Together({
        [&] {
          shared->slot = 1;
          ASHLAR_REQUIRE((shared->word.Give(1) & 1) == 0);
        },
        [&] { ASHLAR_REQUIRE((shared->word.Give(2) & 2) == 0); },
        [&] {
          if (shared->word.Take(1) != 0) shared->slot = 2;
        },
    });
  });
}

TEST(FreeWordExplored, ASlotThatTwoWantIsGotByOne) {
  ExpectAlways([] {
    const auto shared = std::make_unique<WordAndSlot>();
    shared->word.Initialize(1);
    const auto take_and_give = [&] {
      if (shared->word.Take(1) == 0) return;
      ++shared->slot;
      ASHLAR_REQUIRE(shared->word.Give(1) == 0);
    };
    Together({take_and_give, take_and_give});
    ASHLAR_REQUIRE(shared->word.Look() == 1);
  });
}

}  // namespace
}  // namespace ashlar::internal
