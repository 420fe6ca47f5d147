// IdSource has no edge: the read-modify-write decides who gets a number.
#include "ashlar/internal/sync/id_source.h"

#include <cstdint>
#include <memory>

#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

TEST(IdSourceExplored, NoNumberIsHandedOutTwice) {
  ExpectAlways([] {
    const auto source = std::make_unique<IdSource>();
    std::uint64_t first[3] = {};
    Together({
        [&] { first[0] = source->Next(1); },
        [&] { first[1] = source->Next(2); },
        [&] { first[2] = source->Next(2); },
    });
    ASHLAR_REQUIRE(first[0] != first[1] && first[0] != first[1] + 1);
    ASHLAR_REQUIRE(first[0] != first[2] && first[0] != first[2] + 1);
    ASHLAR_REQUIRE(first[1] + 2 <= first[2] || first[2] + 2 <= first[1]);
    ASHLAR_REQUIRE(source->Next(1) == 6);
  });
}

}  // namespace
}  // namespace ashlar::internal
