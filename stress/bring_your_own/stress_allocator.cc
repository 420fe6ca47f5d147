#include "stress/bring_your_own/stress_allocator.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "stress/random/mix.h"
#include "stress/random/random_scenario.h"
#include "stress/replay/replay.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/trace/trace.h"
#include "stress/trace/trace_reader.h"

namespace ashlar::stress {
namespace {

// ByteMix, less what an allocator has no member for.
class AbleMix final : public Mix {
 public:
  AbleMix(std::size_t largest_bytes, Abilities abilities)
      : bytes_(largest_bytes), abilities_(abilities) {}
  Request Draw(Generator& generator) const override {
    Request request = bytes_.Draw(generator);
    if (!abilities_.aligns) request.alignment = 0;
    return request;
  }
  bool Resizes() const override { return abilities_.resizes; }

 private:
  ByteMix bytes_;
  Abilities abilities_;
};

std::string Say(const absl::StatusOr<Outcome>& outcome, std::uint64_t wanted_events) {
  if (!outcome.ok()) return absl::StrCat("no verdict: ", outcome.status().ToString());
  std::string said;
  for (const Finding& finding : outcome->findings) {
    absl::StrAppend(&said, finding.oracle, ": ", finding.message, ", ", finding.times, " times\n");
  }
  if (said.empty() && outcome->events < wanted_events) {
    return absl::StrCat("no verdict: ", outcome->events, " calls were made of ", wanted_events);
  }
  return said;
}

}  // namespace

std::string StressSubject(std::unique_ptr<Subject> subject, Abilities abilities,
                          const StressOptions& options) {
  const AbleMix bytes(options.largest_bytes, abilities);
  const ObjectMix objects(options.object_bytes, 0);
  const Mix& mix = options.object_bytes == 0 ? static_cast<const Mix&>(bytes) : objects;
  const RandomOptions random{
      .seed = options.seed, .threads = options.threads, .operations = options.operations};
  return Say(RunTrial("random", std::move(subject),
                      {.most_threads = WorkersFor(random),
                       .may_run_out = options.may_run_out,
                       .bounds_footprint = abilities.tells_footprint},
                      nullptr, [&](Trial& trial) { return DriveAtRandom(trial, mix, random); }),
             options.operations);
}

std::string ReplayOnSubject(std::unique_ptr<Subject> subject, Abilities abilities,
                            const std::string& path) {
  const absl::StatusOr<Trace> trace = ReadTrace(path);
  if (!trace.ok()) return absl::StrCat("no verdict: ", trace.status().ToString());
  Replay replay(*trace, Order::kOwn);
  return Say(
      RunTrial("replay", std::move(subject),
               {.most_threads = WorkersFor(*trace), .bounds_footprint = abilities.tells_footprint},
               nullptr, [&](Trial& trial) { return replay.Drive(trial); }),
      trace->summary().calls);
}

}  // namespace ashlar::stress
