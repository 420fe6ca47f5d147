#include "stress/explorer/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stress/explorer/active.h"
#include "stress/explorer/choices.h"
#include "stress/explorer/event.h"
#include "stress/explorer/execution.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/image.h"
#include "stress/explorer/location.h"
#include "stress/explorer/progress.h"
#include "stress/explorer/report.h"
#include "stress/explorer/recording.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/shrink.h"
#include "stress/explorer/site.h"
#include "stress/explorer/tables.h"
#include "stress/explorer/weak_memory.h"
#include "stress/explorer/weaken.h"

namespace ashlar::explorer {
namespace {

double Now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

char g_failure_text[sizeof(Failure::text)];

void Raise(std::uint32_t& most, std::uint32_t value) {
  if (most < value) most = value;
}

// Runs the failing execution again, recorded: first by the source that found it, to compare; then
// shrunk. Leaves the report and the schedule.
void Examine(const Body& body, const Options& options, std::uint64_t number, std::uint32_t steps,
             const char* name, Result* result) {
  char first[sizeof g_failure_text];
  strcpy(first, g_failure.text);
  BeginChoices(options, number, steps);
  PlanStop(number);
  g_choices.recording = true;
  g_choices.recorded = 0;
  RunOnce(body, options);
  g_choices.recording = false;
  if (strcmp(first, g_failure.text) != 0) {
    snprintf(g_failure.text, sizeof g_failure.text,
             "the test is not deterministic: %.150s; and run again: %.150s", first,
             HasFailed() ? "another failure" : "no failure");
    strcpy(g_failure_text, g_failure.text);
    result->failure = g_failure_text;
    result->report = WriteReport();
    return;
  }
  Recording schedule = KeepRecording();
  Shrink(body, options, &schedule);
  RunRecorded(body, options, schedule.bytes, schedule.count);
  strcpy(g_failure_text, g_failure.text);
  result->failure = g_failure_text;
  result->report = WriteReport();
  WriteSchedule(name, schedule);
}

}  // namespace

Result Explore(const Options& options, void (*run)(void* context), void* context, const char* file,
               int line) {
  InitializeExplorer();
  char name[256];
  NameExploration(file, line, name, sizeof name);
  const Body body{run, context};
  Result result;
  if (ReplayIsAsked()) {
    if (IsReplayOf(name)) ReplayAndExit(body, options);
    return result;
  }
  g_sites.on = WeakeningIsAsked();
  g_schedule.cut = false;
  g_progress.asked = options.stop_threads;
  const double start = Now();
  if (options.strategy == Strategy::kExhaustive) BeginTree();
  bool is_complete = false;
  std::uint32_t steps = 50;  // of an execution, about
  for (std::uint64_t number = 0; number < options.executions; ++number) {
    BeginChoices(options, number, steps);
    PlanStop(number);
    ++result.executions;
    if (!RunOnce(body, options)) ++result.pruned;
    result.steps += g_schedule.steps;
    Raise(result.most_locations, g_location_count);
    Raise(result.most_threads, g_fiber_count - 1);
    Raise(result.longest_stale, g_weak.stale);
    if (HasFailed()) {
      result.failed = true;
      result.seconds = Now() - start;
      strcpy(g_failure_text, g_failure.text);
      result.failure = g_failure_text;
      if (options.report) Examine(body, options, number, steps, name, &result);
      return result;
    }
    steps = (steps * 7 + g_schedule.steps) / 8 + 1;
    if (options.strategy == Strategy::kExhaustive && !NextPath()) {
      is_complete = true;
      break;
    }
  }
  result.seconds = Now() - start;
  if (is_complete) {
    result.extent = !g_schedule.cut                          ? Extent::kComplete
                    : options.preemptions != UINT32_MAX ? Extent::kCompleteWithinPreemptions
                                                        : Extent::kSampled;
  }
  if (WeakeningIsAsked()) WeakenEachSite(body, options, name);
  return result;
}

void Fail(const char* file, int line, const char* what) {
  if (!g_active) {
    fprintf(stderr, "%s:%d: outside an execution: %s\n", file, line, what);
    abort();
  }
  DieAt(OffsetOf(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))), 0,
        "%s:%d: does not hold: %s", file, line, what);
}

std::uint32_t Choose(std::uint32_t n) { return g_active ? Ask(n, Kind::kProgram) : 0; }

void Pause() {
  if (!g_active) return;
  ++g_schedule.steps;
  g_me->pending = {0, true, true};
  Reschedule(true);
}

namespace {

constexpr std::size_t kMaxOutcomes = 256;
Outcome* g_outcomes;
std::size_t g_outcome_count;

}  // namespace

void NoteOutcome(const char* text) {
  if (g_outcomes == nullptr) g_outcomes = NewTable<Outcome>(kMaxOutcomes);
  std::size_t at = 0;
  while (at < g_outcome_count && strncmp(g_outcomes[at].text, text, sizeof(Outcome::text) - 1) < 0) ++at;
  if (at == g_outcome_count || strncmp(g_outcomes[at].text, text, sizeof(Outcome::text) - 1) != 0) {
    if (g_outcome_count == kMaxOutcomes) return;
    memmove(g_outcomes + at + 1, g_outcomes + at, (g_outcome_count - at) * sizeof(Outcome));
    ++g_outcome_count;
    snprintf(g_outcomes[at].text, sizeof(Outcome::text), "%s", text);
    g_outcomes[at].count = 0;
  }
  ++g_outcomes[at].count;
}

const Outcome* Outcomes(std::size_t* count) {
  *count = g_outcome_count;
  return g_outcomes;
}

void ClearOutcomes() { g_outcome_count = 0; }

}  // namespace ashlar::explorer
