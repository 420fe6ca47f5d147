// The main job: drives an allocator through many threads and checks every block. See README.md.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "stress/console/json.h"
#include "stress/console/live_line.h"
#include "stress/console/table.h"
#include "stress/console/units.h"
#include "stress/job/crash_verdict.h"
#include "stress/job/files.h"
#include "stress/job/options.h"
#include "stress/job/scenarios.h"
#include "stress/job/subjects.h"
#include "stress/run/run_trial.h"
#include "stress/trace/trace.h"
#include "stress/trace/trace_reader.h"

namespace ashlar::stress {
namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

int Refuse(const absl::Status& status) {
  absl::FPrintF(stderr, "%s\n", std::string(status.message()));
  return kBadInput;
}

absl::StatusOr<Trace> ReadChosenTrace(const Options& options, const std::string& program) {
  if (options.trace) return ReadTrace(ResolvePath(*options.trace), options.unknown_frees);
  const absl::StatusOr<std::string> shipped = FindShippedTrace(program);
  if (!shipped.ok()) return shipped.status();
  return ReadTrace(*shipped);
}

// Before anything runs, so that a run is not lost to a wrong path. Null: none is asked for.
absl::StatusOr<std::FILE*> OpenJson(const std::string& path) {
  if (path.empty()) return nullptr;
  if (path == "-") return stderr;
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--json=", path, " cannot be written: ", std::strerror(errno)));
  }
  return file;
}

absl::Status WriteJson(std::FILE* file, const std::string& text) {
  if (file == nullptr) return absl::OkStatus();
  const bool is_whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fflush(file) == 0 && is_whole) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("--json: cannot be written: ", std::strerror(errno)));
}

void PrintTrace(const Trace& trace) {
  const TraceSummary& summary = trace.summary();
  absl::PrintF(
      "trace: %s calls, %d threads (%d at once), %s blocks freed by another thread, at "
      "most %s live blocks and %s\n",
      FormatCount(static_cast<double>(summary.calls)), trace.thread_count(), summary.most_threads,
      FormatCount(static_cast<double>(summary.freed_by_another_thread)),
      FormatCount(static_cast<double>(summary.most_live_blocks)),
      FormatBytes(summary.most_live_bytes));
  if (summary.skipped_calls != 0) {
    absl::PrintF("trace: %d frees of unknown blocks skipped\n", summary.skipped_calls);
  }
}

int Run(int argc, char** argv) {
  absl::StatusOr<Options> options = ReadOptions(argc, argv);
  if (absl::IsCancelled(options.status())) {
    absl::PrintF("%s", std::string(options.status().message()));
    return EXIT_SUCCESS;
  }
  if (!options.ok()) return Refuse(options.status());
  if (absl::Status tried = TryAllocator(options->allocator, argv); !tried.ok()) {
    return Refuse(tried);
  }
  const absl::StatusOr<std::vector<Scenario>> scenarios = ChooseScenarios(*options);
  if (!scenarios.ok()) return Refuse(scenarios.status());
  const absl::StatusOr<std::FILE*> json = OpenJson(options->json);
  if (!json.ok()) return Refuse(json.status());

  std::optional<Trace> trace;
  for (const Scenario& scenario : *scenarios) {
    if (!scenario.replays || trace) continue;
    absl::StatusOr<Trace> read = ReadChosenTrace(*options, argv[0]);
    if (!read.ok()) return Refuse(read.status());
    trace = *std::move(read);
    PrintTrace(*trace);
  }

  absl::PrintF("seed %d\n", options->seed);
  std::fflush(stdout);
  TurnCrashesIntoVerdicts();
  LiveLine live_line(stdout);
  std::vector<Outcome> outcomes;
  std::vector<std::string> failed;
  for (const Scenario& scenario : *scenarios) {
    SetCrashVerdict(scenario.name, HowToRepeat(*options, scenario.name));
    absl::StatusOr<Outcome> outcome = scenario.run(
        {.options = *options, .trace = trace ? &*trace : nullptr, .observer = &live_line});
    live_line.Clear();
    if (!outcome.ok()) return Refuse(outcome.status());
    if (!outcome->passed()) failed.push_back(scenario.name);
    outcomes.push_back(*std::move(outcome));
  }
  absl::PrintF("%s", FormatTable(outcomes));
  if (absl::Status written = WriteJson(*json, FormatJson(options->seed, outcomes)); !written.ok()) {
    return Refuse(written);
  }
  if (failed.empty()) {
    absl::PrintF("passed\n");
    return EXIT_SUCCESS;
  }
  absl::PrintF("FAILED; again with %s\n", HowToRepeat(*options, absl::StrJoin(failed, ",")));
  return kFailed;
}

}  // namespace
}  // namespace ashlar::stress

int main(int argc, char** argv) {
  try {
    return ashlar::stress::Run(argc, argv);
  } catch (const std::bad_alloc&) {
    return ashlar::stress::Refuse(absl::ResourceExhaustedError("no memory for the trace"));
  }
}
