// string_input.h - a text in memory as the input of a reader, for tests.
#ifndef ASHLAR_STRESS_TRACE_STRING_INPUT_H_
#define ASHLAR_STRESS_TRACE_STRING_INPUT_H_

#include <cstddef>
#include <string>

#include "stress/trace/text_input.h"
#include "stress/trace/trace.h"

namespace ashlar::stress {

// Hands out the text in pieces of at most `piece_bytes`.
class StringInput final : public TextInput {
 public:
  explicit StringInput(std::string text, std::size_t piece_bytes = 1 << 20);
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override;

 private:
  std::string text_;
  std::size_t piece_bytes_;
  std::size_t read_bytes_ = 0;
};

// A text that is known to be a trace.
[[nodiscard]] Trace TraceOf(const std::string& text);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_TRACE_STRING_INPUT_H_
