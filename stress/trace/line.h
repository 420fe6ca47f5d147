// line.h - from the text of one line to a Call.
//
// Strict: exactly one space between the words, nothing after the last one, sizes in decimal,
// pointers in hexadecimal with 0x. A line that bends these rules was not written by a recorder.
#ifndef ASHLAR_STRESS_TRACE_LINE_H_
#define ASHLAR_STRESS_TRACE_LINE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "stress/trace/call.h"

namespace ashlar::stress {

// More than the longest line that the grammar can produce.
inline constexpr std::size_t kLongestLineBytes = 256;

// The call that `line` (without its newline) describes, or what is wrong with it. Does not
// allocate unless it fails. Any bytes are welcome; a message shows foreign ones escaped.
[[nodiscard]] absl::StatusOr<Call> ParseLine(absl::string_view line);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_TRACE_LINE_H_
