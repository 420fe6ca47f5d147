// PageMask has no edge of its own: F1 orders it.
#include "ashlar/internal/sync/page_mask.h"

#include <memory>

#include "ashlar/internal/sync/free_word.h"
#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// A page with one slot. `is_gone` is plain: what the mask should say.
struct Page {
  FreeWord<Concurrent> word;
  PageMask<Concurrent> mask;
  bool is_gone = false;
};

TEST(PageMaskExplored, WhoTakesASlotKnowsWhetherItsPageIsGone) {
  ExpectAlways([] {
    const auto page = std::make_unique<Page>();
    page->word.Initialize(1);
    page->mask.Initialize();
    Together({
        [&] {
          if (page->word.Take(1) == 0) return;
          page->is_gone = true;
          page->mask.Add(1);
          ASHLAR_REQUIRE(page->word.Give(1) == 0);
        },
        [&] {
          if (page->word.Take(1) == 0) return;
          ASHLAR_REQUIRE((page->mask.Get() != 0) == page->is_gone);
          ASHLAR_REQUIRE((page->mask.Remove(1) != 0) == page->is_gone);
          page->is_gone = false;
          ASHLAR_REQUIRE(page->word.Give(1) == 0);
        },
    });
    ASHLAR_REQUIRE((page->mask.Get() != 0) == page->is_gone);
  });
}

}  // namespace
}  // namespace ashlar::internal
