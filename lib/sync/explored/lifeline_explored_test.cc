// Lifeline: edges E1 and E2, the "again" by which no last look is lost, and the wait for visitors.
#include "ashlar/internal/sync/lifeline.h"

#include <cstdint>
#include <memory>

#include "ashlar/internal/sync/tally.h"
#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

using Left = Lifeline::Left;
using Visit = Lifeline::Visit;

// A pool with one slot out, whose last handle is given up. It ends when the slot is home; what each
// did in it is plain.
struct Pool {
  Lifeline life;
  std::uint32_t generation = 0;
  Tally<Concurrent> home;  // relaxed: E1 alone carries it
  int work[2] = {};
  int ends = 0;

  void Open() { generation = life.Open(); }
  // As MagazinePool::Leave.
  void Leave() {
    while (true) {
      const bool can_end = life.IsEnding(generation) && home.Get() == 1;
      const Left left = life.Unpin();
      if (left == Left::kNothingToDo) return;
      if (left == Left::kLookAgain) {
        if (!life.TryPin(generation)) return;
        continue;
      }
      if (!can_end || !life.TryEnd(generation)) return;
      for (int& each : work) each = 2;
      ++ends;
      return;
    }
  }
  void BringSlotHome() {
    ASHLAR_REQUIRE(life.TryPin(generation));
    work[0] = 1;
    home.Add(1);
    Leave();
  }
  void GiveUpLastHandle() {
    ASHLAR_REQUIRE(life.TryPin(generation));
    work[1] = 1;
    life.DeclareEnd();
    Leave();
  }
};

TEST(LifelineExplored, WhatTheOpenerPreparedIsVisibleToWhoPins) {
  ExpectAlwaysWithinLimits([] {
    const auto pool = std::make_unique<Pool>();
    Together({
        [&] {
          pool->work[0] = 1;
          ASHLAR_REQUIRE(pool->life.Open() == 1);
        },
        [&] {
          if (!pool->life.TryPin(1)) return;
          ASHLAR_REQUIRE(pool->work[0] == 1);
          ASHLAR_REQUIRE(pool->life.Unpin() == Left::kNothingToDo);
        },
    });
  });
}

TEST(LifelineExplored, WhatTheOpenerPreparedIsVisibleToWhoVisits) {
  ExpectAlwaysWithinLimits([] {
    const auto pool = std::make_unique<Pool>();
    Together({
        [&] {
          pool->work[0] = 1;
          ASHLAR_REQUIRE(pool->life.Open() == 1);
        },
        [&] {
          if (pool->life.TryVisit(1) != Visit::kInside) return;
          ASHLAR_REQUIRE(pool->work[0] == 1);
          pool->life.Depart();
        },
    });
  });
}

// As MagazinePool::EndNow, with another inside.
TEST(LifelineExplored, WhatWasDoneUnderAPinHappensBeforeTheEnd) {
  ExpectAlwaysWithinLimits([] {
    const auto pool = std::make_unique<Pool>();
    pool->Open();
    ASHLAR_REQUIRE(pool->life.TryPin(pool->generation));
    Together({
        [&] {
          pool->work[0] = 1;
          pool->life.Unpin();
        },
        [&] {
          pool->life.DeclareEnd();
          if (pool->life.TryEnd(pool->generation)) pool->work[0] = 2;
        },
    });
  });
}

TEST(LifelineExplored, WhatAVisitorDidHappensBeforeTheEnd) {
  ExpectAlwaysWithinLimits([] {
    const auto pool = std::make_unique<Pool>();
    pool->Open();
    ASHLAR_REQUIRE(pool->life.TryVisit(pool->generation) == Visit::kInside);
    Together({
        [&] {
          pool->work[0] = 1;
          pool->life.Depart();
        },
        [&] {
          pool->life.DeclareEnd();
          if (pool->life.TryEnd(pool->generation)) pool->work[0] = 2;
        },
    });
  });
}

TEST(LifelineExplored, WhoWaitedForVisitorsSeesWhatTheyDid) {
  ExpectAlwaysWithinLimits([] {
    const auto pool = std::make_unique<Pool>();
    pool->Open();
    ASHLAR_REQUIRE(pool->life.TryVisit(pool->generation) == Visit::kInside);
    Together({
        [&] {
          pool->work[0] = 1;
          pool->life.Depart();
        },
        [&] {
          pool->life.DeclareEnd();
          if (!pool->life.HasVisitors()) pool->work[0] = 2;
        },
    });
  });
}

// What a bystander moves counts nowhere meanwhile. work[0]: is all where it belongs?
TEST(LifelineExplored, NoBystanderIsInsideAsWhoDeclaredTheEndLooks) {
  ExpectMostly(20000, [] {
    const auto pool = std::make_unique<Pool>();
    pool->Open();
    pool->work[0] = 1;
    Together({
        [&] {
          if (pool->life.TryVisit(pool->generation) != Visit::kInside) return;
          pool->work[0] = 0;
          pool->work[0] = 1;
          pool->life.Depart();
        },
        [&] {
          ASHLAR_REQUIRE(pool->life.TryPin(pool->generation));
          pool->life.DeclareEnd();
          while (pool->life.HasVisitors()) explorer::Pause();
          ASHLAR_REQUIRE(pool->work[0] == 1);
          ASHLAR_REQUIRE(pool->life.Unpin() == Left::kLast);
          ASHLAR_REQUIRE(pool->life.TryEnd(pool->generation));
          pool->work[0] = 2;
        },
    });
    ASHLAR_REQUIRE(pool->work[0] == 2);
  });
}

TEST(LifelineExplored, TheLastSlotAndTheLastHandleEndThePoolOnce) {
  ExpectMostly(50000, [] {
    const auto pool = std::make_unique<Pool>();
    pool->Open();
    Together({
        [&] { pool->BringSlotHome(); },
        [&] { pool->GiveUpLastHandle(); },
    });
    ASHLAR_REQUIRE(pool->ends == 1);
  });
}

}  // namespace
}  // namespace ashlar::internal
