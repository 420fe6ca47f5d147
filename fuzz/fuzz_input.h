// fuzz_input.h - the bytes of one input, read as small numbers; and what a target says when it
// finds something. Any input is valid: past its end every number is 0.
#ifndef ASHLAR_FUZZ_FUZZ_INPUT_H_
#define ASHLAR_FUZZ_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace ashlar::fuzz {

class FuzzInput {
 public:
  explicit FuzzInput(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool IsAtEnd() const { return bytes_.empty(); }

  std::size_t Byte();
  // Below `bound`, which is at most 256 and not 0.
  std::size_t Below(std::size_t bound) { return Byte() % bound; }
  // Any magnitude from 0 to the largest, most often a small one.
  std::size_t Size();

 private:
  std::span<const std::uint8_t> bytes_;
};

// Ends the process, which a fuzzer takes for a crash, unless `condition` holds.
void Check(bool condition, const char* what);

}  // namespace ashlar::fuzz

#endif  // ASHLAR_FUZZ_FUZZ_INPUT_H_
