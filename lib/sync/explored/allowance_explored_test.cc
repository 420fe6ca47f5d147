// Allowance: edge A1.
#include "ashlar/internal/sync/allowance.h"

#include <cstdint>
#include <memory>

#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// What granters did is plain; each has a part of its own.
struct AllowanceAndBits {
  Allowance<Concurrent> allowance;
  int bits[2] = {};

  void Grant(int i) {
    bits[i] = 1;
    allowance.Grant(1);
  }
  void UseAll() {
    for (int& bit : bits) {
      ASHLAR_REQUIRE(bit == 1);
      bit = 2;
    }
  }
};

TEST(AllowanceExplored, WhoDrawsSeesWhatEachGranterDid) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<AllowanceAndBits>();
    Together({
        [&] { shared->Grant(0); },
        [&] { shared->Grant(1); },
        [&] {
          if (shared->allowance.Draw(2) == 2) shared->UseAll();
        },
    });
  });
}

TEST(AllowanceExplored, WhoDrawsAboveAFloorSeesWhatEachGranterDid) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<AllowanceAndBits>();
    Together({
        [&] { shared->Grant(0); },
        [&] { shared->Grant(1); },
        [&] {
          if (shared->allowance.DrawAbove(1, 1)) shared->UseAll();
        },
    });
  });
}

TEST(AllowanceExplored, WhoAsksSeesWhatEachGranterDid) {
  ExpectAlways([] {
    const auto shared = std::make_unique<AllowanceAndBits>();
    Together({
        [&] { shared->Grant(0); },
        [&] { shared->Grant(1); },
        [&] {
          if (shared->allowance.GetAcquired() == 2) shared->UseAll();
        },
    });
  });
}

TEST(AllowanceExplored, AllThatIsDrawnIsAllThatWasGranted) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<AllowanceAndBits>();
    shared->allowance.Grant(3);
    std::uint64_t drawn[2] = {};
    Together({
        [&] { drawn[0] = shared->allowance.Draw(2); },
        [&] { drawn[1] = shared->allowance.DrawAbove(2, 0) ? 2 : 0; },
    });
    ASHLAR_REQUIRE(drawn[0] + drawn[1] + shared->allowance.Get() == 3);
    ASHLAR_REQUIRE(drawn[0] > 0);
  });
}

}  // namespace
}  // namespace ashlar::internal
