// Lock: edge L1, and that nobody sleeps for ever.
#include "ashlar/internal/sync/lock.h"

#include <memory>

#include "ashlar/internal/sync/tally.h"
#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// What the lock guards is plain. `steps` makes a critical section long: who waits spins before it
// sleeps, and lets others take a step each time.
struct Guarded {
  Lock<Concurrent> lock;
  Tally<Concurrent> steps;
  int count = 0;

  void Work(int n) {
    const LockGuard<Concurrent> guard(lock);
    ++count;
    for (int i = 0; i < n; ++i) steps.Add(1);
  }
};

TEST(LockExplored, WhatWasDoneUnderTheLockHappensBeforeWhoHasItNext) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<Guarded>();
    const auto work = [&] { shared->Work(0); };
    Together({work, work});
    ASHLAR_REQUIRE(shared->count == 2);
  });
}

TEST(LockExplored, OneOfThreeAtATimeAndNobodySleepsForEver) {
  ExpectMostly(20000, [] {
    const auto shared = std::make_unique<Guarded>();
    const auto work = [&] { shared->Work(8); };
    Together({work, work, work});
    ASHLAR_REQUIRE(shared->count == 3);
  });
}

}  // namespace
}  // namespace ashlar::internal
