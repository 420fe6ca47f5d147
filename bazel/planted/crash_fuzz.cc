// Crashes on one word of four letters, if the bug is planted: only a fuzzer that sees coverage
// finds it, letter by letter, from an empty corpus.
#include <cstddef>
#include <cstdint>

#include "fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  constexpr char kWord[] = {'s', 'l', 'a', 'b'};
  if (size_bytes < sizeof kWord) return 0;
  if (data[0] != kWord[0]) return 0;
  if (data[1] != kWord[1]) return 0;
  if (data[2] != kWord[2]) return 0;
  if (data[3] != kWord[3]) return 0;
  if (ASHLAR_PLANT) __builtin_trap();
  return 0;
}
