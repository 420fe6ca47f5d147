// Tally and OwnedWord have no edge: what makes the threads quiet makes them exact.
#include "ashlar/internal/sync/tally.h"

#include <memory>

#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

TEST(TallyExplored, IsExactOnceTheThreadsAreQuiet) {
  ExpectAlways([] {
    const auto tally = std::make_unique<Tally<Concurrent>>();
    Together({
        [&] {
          tally->Add(5);
          tally->Subtract(2);
        },
        [&] { tally->Subtract(1); },
        [&] { ASHLAR_REQUIRE(tally->Get() >= -1 && tally->Get() <= 5); },
    });
    ASHLAR_REQUIRE(tally->Get() == 2);
  });
}

TEST(OwnedWordExplored, OthersSeeItsValuesInTheOrderOfTheOwner) {
  ExpectAlways([] {
    const auto word = std::make_unique<OwnedWord<int>>();
    Together({
        [&] {
          word->Set(1);
          word->Set(word->Get() + 1);
        },
        [&] {
          const int first = word->Get();
          ASHLAR_REQUIRE(first <= word->Get());
        },
    });
    ASHLAR_REQUIRE(word->Get() == 2);
  });
}

}  // namespace
}  // namespace ashlar::internal
