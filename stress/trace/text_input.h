// text_input.h - where the bytes of a trace come from: a file, standard input, or xz.
//
// A path that ends in .xz is read through the xz program; its exit code and its complaint become
// the input's own, so a damaged archive is never mistaken for a short trace.
// One thread. Blocking. Destruction before the end stops the xz program and collects it.
#ifndef ASHLAR_STRESS_TRACE_TEXT_INPUT_H_
#define ASHLAR_STRESS_TRACE_TEXT_INPUT_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace ashlar::stress {

class TextInput {
 public:
  virtual ~TextInput() = default;
  // Fills a part of `buffer` and tells how many bytes; 0 at the end, and only if all went well.
  [[nodiscard]] virtual absl::StatusOr<std::size_t> Read(std::span<char> buffer) = 0;
};

// `path` may be "-": standard input.
[[nodiscard]] absl::StatusOr<std::unique_ptr<TextInput>> OpenTextInput(const std::string& path);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_TRACE_TEXT_INPUT_H_
