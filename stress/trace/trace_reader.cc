#include "stress/trace/trace_reader.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "stress/trace/call.h"
#include "stress/trace/line.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
static_assert(kBufferBytes > 2 * kLongestLineBytes);

class Reader {
 public:
  Reader(TextInput& input, UnknownFrees unknown_frees)
      : input_(input), builder_(unknown_frees), buffer_(kBufferBytes) {}

  absl::StatusOr<Trace> Read() {
    for (;;) {
      const absl::StatusOr<std::size_t> n = input_.Read(std::span(buffer_).subspan(kept_bytes_));
      if (!n.ok()) return n.status();
      if (*n == 0) break;
      if (absl::Status taken = TakeLines(kept_bytes_ + *n); !taken.ok()) return taken;
    }
    ++line_;
    if (kept_bytes_ != 0) {
      return Fault("the last line does not end with a newline: the trace is cut off");
    }
    if (line_ == 1) return Fault("the trace is empty");
    return std::move(builder_).Build();
  }

 private:
  // Takes the whole lines among the first `size_bytes` of the buffer; the rest moves to its front.
  absl::Status TakeLines(std::size_t size_bytes) {
    absl::string_view text(buffer_.data(), size_bytes);
    for (;;) {
      const std::size_t end = text.find('\n');
      if (end == text.npos) break;
      ++line_;
      const absl::StatusOr<Call> call = ParseLine(text.substr(0, end));
      if (!call.ok()) return Fault(call.status().message());
      if (absl::Status added = builder_.Add(*call); !added.ok()) return Fault(added.message());
      text.remove_prefix(end + 1);
    }
    if (text.size() > kLongestLineBytes) {
      ++line_;
      return Fault(ParseLine(text).status().message());
    }
    kept_bytes_ = text.size();
    std::memmove(buffer_.data(), text.data(), kept_bytes_);
    return absl::OkStatus();
  }

  absl::Status Fault(absl::string_view text) const {
    return absl::InvalidArgumentError(absl::StrCat("trace:", line_, ": ", text));
  }

  TextInput& input_;
  TraceBuilder builder_;
  std::vector<char> buffer_;
  std::size_t kept_bytes_ = 0;
  std::uint64_t line_ = 0;
};

}  // namespace

absl::StatusOr<Trace> ReadTrace(TextInput& input, UnknownFrees unknown_frees) {
  return Reader(input, unknown_frees).Read();
}

absl::StatusOr<Trace> ReadTrace(const std::string& path, UnknownFrees unknown_frees) {
  absl::StatusOr<std::unique_ptr<TextInput>> input = OpenTextInput(path);
  if (!input.ok()) return input.status();
  return ReadTrace(**input, unknown_frees);
}

}  // namespace ashlar::stress
