#include "stress/job/scenarios.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "stress/job/subjects.h"
#include "stress/random/mix.h"
#include "stress/random/random_scenario.h"
#include "stress/replay/replay.h"
#include "stress/run/trial.h"
#include "stress/subject/slab_cache_subject.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {
namespace {

constexpr std::uint64_t kHeapOperations = 3'000'000;
constexpr std::uint64_t kSlabOperations = 2'000'000;
constexpr std::size_t kLargestHeapBytes = std::size_t{1} << 20;

RandomOptions RandomOptionsOf(const Options& options, std::uint64_t operations) {
  // A bound on time alone replaces the scenario's own bound on operations.
  const bool has_time = options.most_time != absl::InfiniteDuration();
  const std::uint64_t own = has_time ? std::numeric_limits<std::uint64_t>::max() : operations;
  return {.seed = options.seed,
          .threads = options.threads,
          .operations = options.operations.value_or(own),
          .deadline = absl::Now() + options.most_time};
}

absl::StatusOr<Outcome> RunReplay(const char* name, const Setting& setting, Order order) {
  absl::StatusOr<std::unique_ptr<Subject>> subject = MakeSubject(setting.options.allocator);
  if (!subject.ok()) return subject.status();
  Replay replay(*setting.trace, order);
  const TrialOptions trial_options{.checks = setting.options.checks,
                                   .most_threads = WorkersFor(*setting.trace)};
  return RunTrial(name, *std::move(subject), trial_options, setting.observer,
                  [&](Trial& trial) { return replay.Drive(trial); });
}

absl::StatusOr<Outcome> RunAtRandom(const char* name, const Setting& setting,
                                    std::unique_ptr<Subject> subject, const Mix& mix,
                                    std::uint64_t operations) {
  const RandomOptions random_options = RandomOptionsOf(setting.options, operations);
  const TrialOptions trial_options{.checks = setting.options.checks,
                                   .most_threads = WorkersFor(random_options)};
  return RunTrial(name, std::move(subject), trial_options, setting.observer,
                  [&](Trial& trial) { return DriveAtRandom(trial, mix, random_options); });
}

absl::StatusOr<Outcome> RunHeap(const Setting& setting) {
  absl::StatusOr<std::unique_ptr<Subject>> subject = MakeSubject(setting.options.allocator);
  if (!subject.ok()) return subject.status();
  return RunAtRandom("heap", setting, *std::move(subject), ByteMix(kLargestHeapBytes),
                     kHeapOperations);
}

template <std::size_t kSizeBytes, std::size_t kAlignment>
absl::StatusOr<Outcome> RunSlabCache(const Setting& setting) {
  using T = Parcel<kSizeBytes, kAlignment>;
  const std::string name = absl::StrCat("slab-", kSizeBytes);
  return RunAtRandom(name.c_str(), setting,
                     std::make_unique<SlabCacheSubject<T>>(SlabMemory::kShared),
                     ObjectMix(sizeof(T), alignof(T)), kSlabOperations);
}

bool Fits(const Scenario& scenario, const Options& options) {
  return !scenario.is_ashlars || options.allocator == "ashlar";
}

// Whoever gives a flag expects something of it.
absl::Status RefuseIdleFlags(const Options& options, const std::vector<Scenario>& chosen) {
  const bool replays = std::any_of(chosen.begin(), chosen.end(),
                                   [](const Scenario& scenario) { return scenario.replays; });
  const bool is_random = std::any_of(chosen.begin(), chosen.end(),
                                     [](const Scenario& scenario) { return !scenario.replays; });
  const auto refuse = [&](const char* flag, const char* why) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " would do nothing: ", why));
  };
  if (options.trace && !replays) return refuse("trace", "no scenario that was chosen replays one");
  if (options.given.contains("skip_unknown_frees") && !options.trace) {
    return refuse("skip_unknown_frees", "there is no --trace");
  }
  for (const char* flag : {"threads", "operations", "seconds"}) {
    if (options.given.contains(flag) && !is_random) {
      return refuse(flag, "no scenario that was chosen is a random one");
    }
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<Scenario>& AllScenarios() {
  static const auto* const scenarios = new std::vector<Scenario>{
      {"replay", true, false,
       [](const Setting& setting) { return RunReplay("replay", setting, Order::kOwn); }},
      {"ordered", true, false,
       [](const Setting& setting) { return RunReplay("ordered", setting, Order::kTotal); }},
      {"heap", false, false, RunHeap},
      {"slab-1", false, true, RunSlabCache<1, 1>},
      {"slab-24", false, true, RunSlabCache<24, 8>},
      {"slab-64", false, true, RunSlabCache<64, 64>},
      {"slab-128", false, true, RunSlabCache<128, 128>},
      {"slab-4096", false, true, RunSlabCache<4096, 16>},
  };
  return *scenarios;
}

absl::StatusOr<std::vector<Scenario>> ChooseScenarios(const Options& options) {
  std::vector<std::string> names = options.scenarios;
  if (!names.empty() && options.given.contains("ordered")) {
    return absl::InvalidArgumentError(
        "--ordered and --scenario do not go together: say "
        "--scenario=ordered");
  }
  if (names.empty() && options.ordered) names = {"ordered"};
  if (names.empty() && options.trace) names = {"replay"};
  std::vector<Scenario> chosen;
  if (names.empty()) {
    std::copy_if(AllScenarios().begin(), AllScenarios().end(), std::back_inserter(chosen),
                 [&](const Scenario& scenario) { return Fits(scenario, options); });
  }
  for (const std::string& name : names) {
    const auto found =
        std::find_if(AllScenarios().begin(), AllScenarios().end(),
                     [&](const Scenario& scenario) { return scenario.name == name; });
    if (found == AllScenarios().end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--scenario: there is no '", name, "'; --help lists them"));
    }
    if (!Fits(*found, options)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--scenario: '", name, "' is for ", "--allocator=ashlar alone"));
    }
    chosen.push_back(*found);
  }
  if (absl::Status idle = RefuseIdleFlags(options, chosen); !idle.ok()) return idle;
  return chosen;
}

}  // namespace ashlar::stress
