// scenario.h - small concurrent programs over the shipping engine, for the explorer.
//
// Each is a body for Explore() with its oracle inside: what it asks for with ASHLAR_REQUIRE holds
// in every execution. Objects carry a plain tag of their owner, so that two live ones that overlap
// are a data race. `engine_test.cc` demands that each is clean; `//stress/seeded` that each of its
// bugs is found by one of them.
#ifndef ASHLAR_STRESS_ENGINE_SCENARIO_H_
#define ASHLAR_STRESS_ENGINE_SCENARIO_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>

#include "stress/explorer/explore.h"

namespace ashlar::stress {

enum class Oracle : std::uint8_t {
  kClean,    // no execution fails
  kEnds,     // each execution ends the process: Fail() noticed what the body did
  kStopped,  // no execution fails, and none when one thread stops for ever
};

struct Scenario {
  const char* name;
  void (*body)();
  std::uint64_t executions;  // in which nothing may be found: some seconds
  Oracle oracle = Oracle::kClean;
};

std::span<const Scenario> SyncScenarios();
std::span<const Scenario> SlabScenarios();
std::span<const Scenario> DepotScenarios();
std::span<const Scenario> HeapScenarios();

// Null when there is none of that name.
[[nodiscard]] const Scenario* FindScenario(const char* name);

struct Verdict {
  bool as_expected;
  std::uint64_t executions;
  double seconds;
  const char* failure;  // both until the next exploration
  const char* report;
};

// Runs the scenario until an execution is not as its oracle says, or `executions` have been.
// `report`: describes the failure, which costs some time.
[[nodiscard]] Verdict Judge(const Scenario& scenario, std::uint64_t executions, std::uint64_t seed,
                            bool report);

// Runs each in a thread of its own, and returns when all have ended.
template <typename... Parts>
void Together(const Parts&... parts) {
  std::thread threads[] = {std::thread([&parts] { parts(); })...};
  for (std::thread& thread : threads) thread.join();
}

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ENGINE_SCENARIO_H_
