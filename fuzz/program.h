// program.h - an input of a concurrent fuzz target: what each of a few threads does, and a schedule.
//
//   byte 0        threads - 1, modulo 3, and above it the number of operations
//   3 bytes each  operation: thread and verb, then two arguments
//   the rest      the schedule: choices for the explorer, in order
//
// Any bytes are a program. A mutator that knows the form (MutateProgram) changes one operation, or
// one choice, and leaves the rest what it was; the fuzzer's own would shift all that stands behind.
#ifndef ASHLAR_FUZZ_PROGRAM_H_
#define ASHLAR_FUZZ_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ashlar::fuzz {

struct Operation {
  std::uint8_t thread = 0;
  std::uint8_t verb = 0;  // below Program::kVerbs
  std::uint8_t a = 0;
  std::uint8_t b = 0;
};

struct Program {
  static constexpr unsigned kMostThreads = 3;
  static constexpr unsigned kMostOperations = 24;
  static constexpr unsigned kVerbs = 8;

  unsigned threads = 1;
  std::vector<Operation> operations;  // in any order among threads, each thread's in its own
  std::vector<std::uint8_t> schedule;
};

[[nodiscard]] Program ReadProgram(std::span<const std::uint8_t> bytes);
// The bytes that are read as `program`; fewer of its schedule if there is no room.
[[nodiscard]] std::vector<std::uint8_t> WriteProgram(const Program& program, std::size_t most_bytes);

// One small change. The same seed makes the same change.
void MutateProgram(Program& program, std::uint32_t seed);
// Operations of the one and of the other, each kept or left; the schedule of one of them.
[[nodiscard]] Program CrossPrograms(const Program& one, const Program& other, std::uint32_t seed);

}  // namespace ashlar::fuzz

#endif  // ASHLAR_FUZZ_PROGRAM_H_
