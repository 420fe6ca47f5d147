// execution.h - one run of the body under one source of choices.
#ifndef ASHLAR_STRESS_EXPLORER_EXECUTION_H_
#define ASHLAR_STRESS_EXPLORER_EXECUTION_H_

#include <cstdint>

#include "stress/explorer/explore.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Body {
  void (*run)(void* context);
  void* context;
};

// Once in the process; calls after the first do nothing.
void InitializeExplorer();

// Runs the body; the choices were prepared. What became of it stands in g_failure, g_schedule.
// False: it was cut short as a repetition.
bool RunOnce(const Body& body, const Options& options);

// Runs it again from recorded bytes, recording and noting events.
void RunRecorded(const Body& body, const Options& options, const std::uint8_t* bytes,
                 std::uint32_t count);

// The same from options.bytes; past their end at random.
void RunFromFile(const Body& body, const Options& options);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_EXECUTION_H_
