// trace_reader.h - reads and checks a whole trace before anything is made of it.
#ifndef ASHLAR_STRESS_TRACE_TRACE_READER_H_
#define ASHLAR_STRESS_TRACE_TRACE_READER_H_

#include <string>

#include "absl/status/statusor.h"
#include "stress/trace/text_input.h"
#include "stress/trace/trace.h"
#include "stress/trace/trace_builder.h"

namespace ashlar::stress {

// Streams: memory is that of the Trace, whatever the length of the text. A fault of the text reads
// "trace:LINE: fault", lines counted from 1; one of the input says which file and why. A last line
// without its newline is refused, as it may be a part of a line. O(calls).
[[nodiscard]] absl::StatusOr<Trace> ReadTrace(TextInput& input,
                                              UnknownFrees unknown_frees = UnknownFrees::kRefuse);

// The same for a file, an .xz file or "-".
[[nodiscard]] absl::StatusOr<Trace> ReadTrace(const std::string& path,
                                              UnknownFrees unknown_frees = UnknownFrees::kRefuse);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_TRACE_TRACE_READER_H_
