// recording.h - the choices of one execution: kept, written to a file, and read back.
//
// The file is text. The bytes are answers to choices (choices.h); past their end an execution goes
// on at random, from their own hash, so that a schedule is worth something after the program changed.
//
//   ashlar-schedule 1
//   target //lib/sync:free_word_explored_test
//   exploration lib/sync/free_word_explored_test.cc:41#0
//   failure data race: write by T2, read by T3 before
//   victim 2 17                            (with stop_threads: who stops, and at which access)
//   bytes 00010203...
#ifndef ASHLAR_STRESS_EXPLORER_RECORDING_H_
#define ASHLAR_STRESS_EXPLORER_RECORDING_H_

#include <cstddef>
#include <cstdint>

#include "stress/explorer/choices.h"
#include "stress/explorer/execution.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Recording {
  std::uint8_t* bytes;
  Kind* kinds;
  std::uint32_t count;
};

// A copy of what g_choices recorded; valid until the second call from now.
Recording KeepRecording();

// file:line#n, where n counts the explorations of that line.
void NameExploration(const char* file, int line, char* name, std::size_t size);

// Into the folder that ASHLAR_SCHEDULES names, or Bazel's TEST_UNDECLARED_OUTPUTS_DIR; the report
// tells where. Nothing where there is neither.
void WriteSchedule(const char* name, const Recording& recording);

// ASHLAR_REPLAY names a file.
[[nodiscard]] bool ReplayIsAsked();
[[nodiscard]] bool IsReplayOf(const char* name);
// Replays it, prints the report, and ends the process: 1 if it failed again, else 0.
[[noreturn]] void ReplayAndExit(const Body& body, const Options& options);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_RECORDING_H_
