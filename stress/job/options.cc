#include "stress/job/options.h"

#include <algorithm>
#include <cstdlib>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

ABSL_FLAG(std::string, allocator, "ashlar",
          "ashlar, system, or the path of a malloc library (.so)");
ABSL_FLAG(std::string, trace, "",
          "replay this trace alone: a file, an .xz file, or - for standard input");
ABSL_FLAG(bool, ordered, false, "replay the calls one at a time, in the total order of the trace");
ABSL_FLAG(bool, skip_unknown_frees, false,
          "for a recording that began late: skip frees of blocks that it has not seen");
ABSL_FLAG(std::string, checks, "on", "off: ask no oracle and touch no block (pure replay speed)");
ABSL_FLAG(std::string, scenario, "", "the scenarios to run, with commas between (see below)");
ABSL_FLAG(std::uint64_t, seed, 0, "of the random scenarios; 0: a new one each time");
ABSL_FLAG(std::uint32_t, threads, 4, "of the random scenarios, at once: 1 to 1024");
ABSL_FLAG(std::uint64_t, operations, 0, "of each random scenario; 0: its own number");
ABSL_FLAG(std::string, json, "",
          "write the outcomes to this file when all scenarios have ended; - is standard error");
ABSL_FLAG(double, seconds, 0, "that a random scenario may last; 0: no bound");

namespace ashlar::stress {
namespace {

constexpr std::uint32_t kMostThreadsAtOnce = 1024;
constexpr const char* kFlagNames[] = {"allocator",  "trace",    "ordered", "skip_unknown_frees",
                                      "checks",     "scenario", "seed",    "threads",
                                      "operations", "seconds",  "json"};

std::string Help() {
  std::string help =
      "Drives an allocator through many threads and checks every block.\n"
      "Without flags: replays the trace that is shipped, then random interleavings.\n\n";
  for (const char* name : kFlagNames) {
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    absl::StrAppend(&help, "  --", name, "=", flag->DefaultValue(), "\n      ", flag->Help(), "\n");
  }
  absl::StrAppend(&help,
                  "\nScenarios: replay, ordered, heap, slab-1, slab-24, slab-64, slab-128,"
                  " slab-4096.\n"
                  "Exit code: 0 all passed, 1 an oracle spoke, 2 the input is bad.\n");
  return help;
}

template <typename... Words>
absl::Status Fault(const Words&... words) {
  return absl::InvalidArgumentError(absl::StrCat(words...));
}

// Sets the flags one by one and notes them in `given`. Abseil's own reader ends the process at the
// first fault, with the exit code that means a failed verdict here.
absl::Status SetFlags(int argc, char** argv, std::map<std::string, std::string>& given) {
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") return absl::CancelledError(Help());
    if (!absl::StartsWith(argument, "--") || argument.size() == 2) {
      return Fault("'", argument, "' is no flag; --help lists them");
    }
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(argument.substr(2), absl::MaxSplits('=', 1));
    bool is_known = false;
    for (const char* name : kFlagNames) is_known |= parts.first == name;
    if (!is_known) return Fault("unknown flag --", parts.first, "; --help lists them");
    absl::CommandLineFlag* const flag = absl::FindCommandLineFlag(parts.first);
    std::string value(parts.second);
    if (!absl::StrContains(argument, '=')) {
      if (flag->IsOfType<bool>()) {
        value = "true";
      } else if (i + 1 < argc) {
        value = argv[++i];
      } else {
        return Fault("--", parts.first, " needs a value");
      }
    }
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      return Fault("--", parts.first, "=", value, " is not valid", error.empty() ? "" : ": ",
                   error);
    }
    given[std::string(parts.first)] = value;
  }
  return absl::OkStatus();
}

// As a shell reads it back.
std::string Quoted(const std::string& value) {
  const bool is_plain = std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-+=./,:@%", c);
  });
  if (is_plain && !value.empty()) return value;
  return absl::StrCat("'", absl::StrReplaceAll(value, {{"'", "'\\''"}}), "'");
}

}  // namespace

absl::StatusOr<Options> ReadOptions(int argc, char** argv) {
  Options options;
  if (absl::Status set = SetFlags(argc, argv, options.given); !set.ok()) return set;
  options.allocator = absl::GetFlag(FLAGS_allocator);
  if (options.allocator.empty()) return Fault("--allocator needs a value");
  if (const std::string trace = absl::GetFlag(FLAGS_trace); !trace.empty()) options.trace = trace;
  options.ordered = absl::GetFlag(FLAGS_ordered);
  if (absl::GetFlag(FLAGS_skip_unknown_frees)) options.unknown_frees = UnknownFrees::kSkip;
  const std::string checks = absl::GetFlag(FLAGS_checks);
  if (checks != "on" && checks != "off")
    return Fault("--checks=", checks, " is neither on nor off");
  options.checks = checks == "on" ? Checks::kOn : Checks::kOff;
  const std::string scenario = absl::GetFlag(FLAGS_scenario);
  if (!scenario.empty()) options.scenarios = absl::StrSplit(scenario, ',');
  options.seed = absl::GetFlag(FLAGS_seed);
  if (options.seed == 0) options.seed = static_cast<std::uint64_t>(absl::GetCurrentTimeNanos());
  options.threads = absl::GetFlag(FLAGS_threads);
  if (options.threads < 1 || options.threads > kMostThreadsAtOnce) {
    return Fault("--threads=", options.threads, " is not from 1 to ", kMostThreadsAtOnce);
  }
  if (const std::uint64_t n = absl::GetFlag(FLAGS_operations); n != 0) options.operations = n;
  options.json = absl::GetFlag(FLAGS_json);
  const double seconds = absl::GetFlag(FLAGS_seconds);
  if (!(seconds >= 0)) return Fault("--seconds=", seconds, " is negative");
  if (seconds > 0) options.most_time = absl::Seconds(seconds);
  return options;
}

std::string HowToRepeat(const Options& options, const std::string& scenarios) {
  std::string flags = absl::StrCat("--scenario=", scenarios);
  for (const auto& [name, value] : options.given) {
    // The scenario says what --ordered said; and the seed may have been a new one.
    if (name == "scenario" || name == "ordered" || name == "seed" || name == "json") {
      continue;
    }
    absl::StrAppend(&flags, " --", name, "=", Quoted(value));
  }
  return absl::StrCat(flags, " --seed=", options.seed);
}

}  // namespace ashlar::stress
