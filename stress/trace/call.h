// call.h - one line of an allocation trace, as it was written.
//
// The text form is that of Android's memory_replay tool, one call a line, in the total order in
// which the calls happened:
//
//   <thread>: malloc <pointer> <size>
//   <thread>: calloc <pointer> <count> <size>
//   <thread>: memalign <pointer> <alignment> <size>
//   <thread>: realloc <new pointer> <old pointer> <size>
//   <thread>: free <pointer>
//   <thread>: thread_done 0x0
//
// Pointers are names: what the call returned when it was recorded. A Call says nothing about
// whether the line makes sense among its neighbours; that is TraceBuilder's work.
#ifndef ASHLAR_STRESS_TRACE_CALL_H_
#define ASHLAR_STRESS_TRACE_CALL_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace ashlar::stress {

enum class Verb : std::uint8_t { kMalloc, kCalloc, kMemalign, kRealloc, kFree, kThreadDone };

// The word of the text form.
[[nodiscard]] absl::string_view VerbName(Verb verb);

struct Call {
  Verb verb = Verb::kFree;
  std::uint32_t thread_id = 0;
  std::uint64_t pointer = 0;      // the result; of free: the block that ends
  std::uint64_t old_pointer = 0;  // realloc only
  std::uint64_t alignment = 0;    // memalign only
  std::uint64_t count = 0;        // calloc only
  std::uint64_t size_bytes = 0;   // of calloc: of one element

  bool operator==(const Call&) const = default;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_TRACE_CALL_H_
