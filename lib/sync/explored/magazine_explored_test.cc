// MagazineStack: edge M1, and the tag. Slots are plain; links before the first push are any number.
#include "ashlar/internal/sync/magazine.h"

#include <atomic>
#include <cstdint>
#include <memory>

#include "ashlar/internal/base/bits.h"
#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// Magazine i has i slots; 0 is none.
struct Stack {
  MagazineStack stack;
  Magazine magazines[3];

  Stack() {
    for (Magazine& magazine : magazines) {
      magazine.link.store(~std::uint64_t{0}, std::memory_order_relaxed);
      magazine.slots[0] = nullptr;
    }
  }
  std::uintptr_t base() const { return AddressOf(&magazines[0]); }
  std::uint64_t Total() const { return stack.TotalSlots(base()); }

  void Push(unsigned i) {
    magazines[i].slots[0] = this;
    stack.Push(base(), &magazines[i], i);
  }
  // The one that was popped, used; 0: none.
  unsigned Pop() {
    unsigned count;
    Magazine* popped = stack.Pop(base(), &count);
    if (popped == nullptr) return 0;
    const auto i = static_cast<unsigned>(popped - magazines);
    ASHLAR_REQUIRE(count == i);
    ASHLAR_REQUIRE(popped->slots[0] == this);
    popped->slots[0] = nullptr;
    return i;
  }
};

TEST(MagazineExplored, WhoPopsAMagazineSeesItsSlotsAndItsLink) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<Stack>();
    Together({
        [&] { shared->Push(1); },
        [&] { shared->Pop(); },
    });
  });
}

TEST(MagazineExplored, WhoMissesTheHeadPopsTheNextOneAsItIs) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<Stack>();
    shared->Push(1);
    Together({
        [&] { shared->Push(2); },
        [&] { ASHLAR_REQUIRE(shared->Pop() != 0); },
    });
  });
}

TEST(MagazineExplored, TheTotalIsExactAfterTwoPushes) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<Stack>();
    Together({
        [&] { shared->Push(1); },
        [&] { shared->Push(2); },
    });
    ASHLAR_REQUIRE(shared->Total() == 3);
    ASHLAR_REQUIRE(shared->Pop() + shared->Pop() == 3);
    ASHLAR_REQUIRE(shared->Total() == 0 && shared->stack.IsEmpty());
  });
}

TEST(MagazineExplored, WhileTheyOnlyGrowTheTotalIsThatOfSomeMoment) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<Stack>();
    Together({
        [&] {
          shared->Push(2);
          shared->Push(1);
        },
        [&] {
          const std::uint64_t total = shared->Total();
          ASHLAR_REQUIRE(total == 0 || total == 2 || total == 3);
        },
    });
  });
}

// The head comes back with another magazine below it: only the tag tells.
TEST(MagazineExplored, AHeadThatCameBackIsNotTakenForTheSame) {
  ExpectMostly(20000, [] {
    const auto shared = std::make_unique<Stack>();
    shared->Push(1);
    shared->Push(2);
    unsigned first = 0;
    unsigned kept = 0;
    Together({
        [&] { first = shared->Pop(); },
        [&] {
          const unsigned top = shared->Pop();
          kept = shared->Pop();
          if (top != 0) shared->Push(top);
        },
    });
    const std::uint64_t rest = 3 - first - kept;
    ASHLAR_REQUIRE(shared->Total() == rest);
    ASHLAR_REQUIRE(shared->Pop() + shared->Pop() == rest);
  });
}

}  // namespace
}  // namespace ashlar::internal
