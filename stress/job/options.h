// options.h - what the person at the command line wants.
#ifndef ASHLAR_STRESS_JOB_OPTIONS_H_
#define ASHLAR_STRESS_JOB_OPTIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stress/run/trial.h"
#include "stress/trace/trace_builder.h"

namespace ashlar::stress {

struct Options {
  std::string allocator = "ashlar";    // "ashlar", "system" or a path
  std::optional<std::string> trace;    // a path or "-"; none: the one that is shipped
  std::vector<std::string> scenarios;  // empty: all that fit
  bool ordered = false;                // replay in the total order
  UnknownFrees unknown_frees = UnknownFrees::kRefuse;
  Checks checks = Checks::kOn;
  std::uint64_t seed = 1;
  std::uint32_t threads = 4;
  std::optional<std::uint64_t> operations;              // of each random scenario; none: its own
  absl::Duration most_time = absl::InfiniteDuration();  // of each random scenario
  std::string json;  // the file to write the outcomes to; "-": standard error; empty: none

  // The flags that were given: name, and value as it was read.
  std::map<std::string, std::string> given;
};

// The flags that do again what `scenarios` (names, with commas between) did, as a shell reads them.
[[nodiscard]] std::string HowToRepeat(const Options& options, const std::string& scenarios);

// Reads the command line through the flags of options.cc. InvalidArgument: a line that says which
// flag is wrong and why. Cancelled: help was asked for, and the message is the help.
[[nodiscard]] absl::StatusOr<Options> ReadOptions(int argc, char** argv);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_JOB_OPTIONS_H_
