#include "stress/engine/scenario.h"

#include <cstring>

namespace ashlar::stress {
namespace {

constexpr std::uint32_t kSteps = 50000;  // the longest scenarios have some 3,000

// The paths that are documented to block. Each lock of the engine is taken below one of these.
constexpr const char* kBlocking[] = {
    "GrowAndTake",     // a slab is made
    "RetireIfEmpty",   // a slab is retired
    "OwnThreadTable",  // the first call of a thread
    "OnThreadExit",    // and its end
    "NewMagazine",     // the first magazines of a process, a chunk at a time
};

// One execution at a time, each of which is to fail, without a report of that.
Verdict Ends(const Scenario& scenario, explorer::Options options, std::uint64_t executions,
             bool report) {
  Verdict verdict{true, 0, 0, "", ""};
  options.executions = 1;
  options.report = false;
  const auto run = [&] {
    const explorer::Result result = explorer::Explore(options, scenario.body, scenario.name, 0);
    verdict.seconds += result.seconds;
    verdict.as_expected = result.failed && std::strstr(result.failure, "abort called") != nullptr;
    verdict.failure = result.failed ? result.failure : "the process goes on";
    verdict.report = result.report;
  };
  for (; verdict.as_expected && verdict.executions < executions; ++verdict.executions) {
    run();
    ++options.seed;
  }
  if (verdict.as_expected || !report) return verdict;
  --options.seed;
  options.report = true;
  run();
  return verdict;
}

}  // namespace

const Scenario* FindScenario(const char* name) {
  for (const auto& scenarios :
       {SyncScenarios(), SlabScenarios(), DepotScenarios(), HeapScenarios()}) {
    for (const Scenario& scenario : scenarios) {
      if (std::strcmp(scenario.name, name) == 0) return &scenario;
    }
  }
  return nullptr;
}

Verdict Judge(const Scenario& scenario, std::uint64_t executions, std::uint64_t seed, bool report) {
  for (const char* function : kBlocking) explorer::AllowBlocking(function);
  explorer::Options options;
  options.executions = executions;
  options.seed = seed;
  options.max_steps = kSteps;
  options.report = report;
  options.stop_threads = scenario.oracle == Oracle::kStopped;
  if (scenario.oracle == Oracle::kEnds) {
    return Ends(scenario, options, executions, report);
  }
  const explorer::Result result = explorer::Explore(options, scenario.body, scenario.name, 0);
  return {!result.failed, result.executions, result.seconds, result.failure, result.report};
}

}  // namespace ashlar::stress
