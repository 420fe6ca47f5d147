// scenarios.h - the scenarios of the main job, by name.
#ifndef ASHLAR_STRESS_JOB_SCENARIOS_H_
#define ASHLAR_STRESS_JOB_SCENARIOS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "stress/job/options.h"
#include "stress/run/observer.h"
#include "stress/run/run_trial.h"
#include "stress/trace/trace.h"

namespace ashlar::stress {

// What a scenario may need.
struct Setting {
  const Options& options;
  const Trace* trace;  // null unless a chosen scenario replays one
  Observer* observer;
};

struct Scenario {
  const char* name;
  bool replays;     // needs a trace
  bool is_ashlars;  // drives an Ashlar container and nothing else
  absl::StatusOr<Outcome> (*run)(const Setting& setting);
};

// All of them, in the order in which they run.
[[nodiscard]] const std::vector<Scenario>& AllScenarios();

// Those that `options` asks for; InvalidArgument when it names an unknown one or one that does not
// fit the allocator, and when it gives a flag that none of the chosen ones would look at. Without
// names: all that fit, or with a trace of one's own the replay alone.
[[nodiscard]] absl::StatusOr<std::vector<Scenario>> ChooseScenarios(const Options& options);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_JOB_SCENARIOS_H_
