#include "fuzz/fuzz_input.h"

#include <cstdio>
#include <cstdlib>

namespace ashlar::fuzz {

std::size_t FuzzInput::Byte() {
  if (bytes_.empty()) return 0;
  const std::size_t byte = bytes_.front();
  bytes_ = bytes_.subspan(1);
  return byte;
}

std::size_t FuzzInput::Size() {
  const std::size_t magnitude = Byte();
  const std::size_t value = Byte();
  // Three in four are below 16 KiB; the rest go up to all 64 bits.
  const std::size_t shift = magnitude < 192 ? magnitude % 7 : magnitude % 57;
  return (value << shift) + magnitude % 3;
}

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace ashlar::fuzz
