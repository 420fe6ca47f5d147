#include "stress/explorer/execution.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stress/explorer/active.h"
#include "stress/explorer/cell.h"
#include "stress/explorer/choices.h"
#include "stress/explorer/event.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/heap.h"
#include "stress/explorer/image.h"
#include "stress/explorer/location.h"
#include "stress/explorer/memory_access.h"
#include "stress/explorer/process.h"
#include "stress/explorer/progress.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/site.h"
#include "stress/explorer/sync_object.h"
#include "stress/explorer/tables.h"
#include "stress/explorer/thread_locals.h"
#include "stress/explorer/virtual_time.h"
#include "stress/explorer/weak_memory.h"

// Set once the process has had a second thread: libstdc++ counts references without atomics before.
extern "C" char __libc_single_threaded;

namespace ashlar::explorer {

bool g_active;
Failure g_failure;

namespace {

bool g_pruned;

void WriteFailure(const char* format, va_list arguments) {
  vsnprintf(g_failure.text, sizeof g_failure.text, format, arguments);
  g_failure.now_thread = g_me->id;
}

// Back to whoever called RunOnce. The fibers stay as they are and are never run again.
[[noreturn]] void Leave() {
  if (g_me->id == 0) {
    fprintf(stderr, "explorer: outside an execution: %s\n", g_failure.text);
    _exit(3);
  }
  SwitchTo(g_fibers[0]);
  __builtin_unreachable();
}

void* RunBody(void* body) {
  static_cast<const Body*>(body)->run(static_cast<const Body*>(body)->context);
  return nullptr;
}

void Reset(const Options& options) {
  ++g_execution;
  g_failure = {};
  g_pruned = false;
  g_schedule.steps = 0;
  EndRun();
  g_schedule.most_steps = options.max_steps < kMaxSteps ? options.max_steps : kMaxSteps;
  g_schedule.asleep = 0;
  g_schedule.preemptions = 0;
  g_schedule.most_preemptions = options.preemptions;
  const bool is_tree = g_choices.source == Source::kTree;
  g_schedule.always_ask = is_tree;
  g_schedule.uses_sleep = is_tree && options.preemptions == UINT32_MAX;
  g_schedule.heap_steps =
      options.strategy == Strategy::kExhaustive && options.reuse != Reuse::kNever;
  g_progress.stopped = 0;
  g_races_fail = options.races == Races::kFail;
  g_location_count = 0;
  g_events.count = 0;
  ResetFibers();
  ResetSyncObjects();
  ResetKeys();
  ResetTime();
  ResetProcess();
  ResetHeap(options.reuse);
  BeginWeakMemory(options.weak_memory);
}

}  // namespace

void Die(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  WriteFailure(format, arguments);
  va_end(arguments);
  Leave();
}

void DieAt(std::uint32_t now_pc, std::uint32_t earlier_pc, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  WriteFailure(format, arguments);
  va_end(arguments);
  g_failure.now_pc = now_pc;
  g_failure.earlier_pc = earlier_pc;
  Leave();
}

void Prune() {
  g_pruned = true;
  Leave();
}

void InitializeExplorer() {
  if (g_fibers != nullptr) return;
  InitializeImage();
  InitializeCells();
  InitializeLocations();
  InitializeSyncObjects();
  InitializeThreadLocals();
  g_choices.values = NewTable<std::uint8_t>(kMaxChoices);
  g_choices.kinds = NewTable<Kind>(kMaxChoices);
  g_events.at = NewTable<Event>(kMaxEvents);
  g_sites.at = NewTable<Site>(kMaxSites);
  InitializeFibers();
  __libc_single_threaded = 0;
}

bool RunOnce(const Body& body, const Options& options) {
  Reset(options);
  StartFiber(RunBody, const_cast<Body*>(&body));
  g_active = true;
  SwitchTo(g_fibers[1]);
  g_active = false;
  RollBackGlobals();
  const bool all_ended = g_progress.stopped == 0 && !IsForkedChild();
  if (!HasFailed() && !g_pruned && options.leaks_fail && all_ended && LiveBlocks() > 0) {
    snprintf(g_failure.text, sizeof g_failure.text, "leak: %zu blocks are still allocated", LiveBlocks());
  }
  return !g_pruned;
}

namespace {

void RunNoting(const Body& body, const Options& options) {
  g_choices.recording = true;
  g_choices.recorded = 0;
  g_events.on = true;
  RunOnce(body, options);
  g_choices.recording = false;
  g_events.on = false;
}

}  // namespace

void RunRecorded(const Body& body, const Options& options, const std::uint8_t* bytes,
                 std::uint32_t count) {
  BeginReplay(bytes, count);
  RunNoting(body, options);
}

void RunFromFile(const Body& body, const Options& options) {
  Options from_bytes = options;
  from_bytes.strategy = Strategy::kBytes;
  BeginChoices(from_bytes, 0, 0);
  RunNoting(body, options);
}

}  // namespace ashlar::explorer
