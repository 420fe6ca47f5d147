#include "stress/trace/string_input.h"

#include <algorithm>
#include <utility>

#include "stress/trace/trace_reader.h"

namespace ashlar::stress {

StringInput::StringInput(std::string text, std::size_t piece_bytes)
    : text_(std::move(text)), piece_bytes_(piece_bytes) {}

absl::StatusOr<std::size_t> StringInput::Read(std::span<char> buffer) {
  const std::size_t n = std::min({buffer.size(), text_.size() - read_bytes_, piece_bytes_});
  text_.copy(buffer.data(), n, read_bytes_);
  read_bytes_ += n;
  return n;
}

Trace TraceOf(const std::string& text) {
  StringInput input(text);
  return ReadTrace(input).value();
}

}  // namespace ashlar::stress
