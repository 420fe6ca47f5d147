// Epoch: edge T1. Turn, which has none.
#include "ashlar/internal/sync/epoch.h"

#include <memory>

#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

TEST(EpochExplored, WhoSeesTheEpochSeesWhatWasChangedBeforeEachRaise) {
  struct Shared {
    Epoch epoch;
    int changed[2] = {};
  };
  ExpectAlways([] {
    const auto shared = std::make_unique<Shared>();
    const auto change = [&](int i) {
      shared->changed[i] = 1;
      shared->epoch.Raise();
    };
    Together({
        [&] { change(0); },
        [&] { change(1); },
        [&] {
          if (shared->epoch.Get() < 2) return;
          ASHLAR_REQUIRE(shared->changed[0] + shared->changed[1] == 2);
        },
    });
  });
}

TEST(TurnExplored, IsGivenToOneOfTwo) {
  ExpectAlways([] {
    const auto turn = std::make_unique<Turn>();
    bool mine[2] = {};
    Together({
        [&] { mine[0] = turn->Claim(100, 100); },
        [&] { mine[1] = turn->Claim(101, 100); },
    });
    ASHLAR_REQUIRE(mine[0] != mine[1]);
  });
}

}  // namespace
}  // namespace ashlar::internal
