#include "fuzz/run_program.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "fuzz/fuzz_target.h"
#ifdef ASHLAR_EXPLORED
#include "stress/explorer/explore.h"
#endif

namespace ashlar::fuzz {
namespace {

#ifdef ASHLAR_EXPLORED

constexpr std::uint64_t kDerivedSchedules = 7;

// Fowler, Noll, Vo.
std::uint64_t Hash(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

void Judge(const explorer::Result& result) {
  if (result.clean()) return;
  std::fputs(result.report, stderr);
  std::abort();
}

void Run(const Program& program, std::span<const std::uint8_t> bytes) {
  const auto body = [&] { RunProgram(program); };
  Judge(explorer::Explore({.executions = 1,
                           .strategy = explorer::Strategy::kBytes,
                           .bytes = program.schedule.data(),
                           .byte_count = program.schedule.size()},
                          body));
  if (program.threads == 1) return;
  Judge(explorer::Explore({.executions = kDerivedSchedules, .seed = Hash(bytes)}, body));
}

#else

void Run(const Program& program, std::span<const std::uint8_t>) { RunProgram(program); }

#endif

std::size_t Replace(std::uint8_t* data, std::size_t most_bytes, const Program& program) {
  const std::vector<std::uint8_t> bytes = WriteProgram(program, most_bytes);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

}  // namespace

void ProgramFailed(const char* file, int line, const char* what) {
#ifdef ASHLAR_EXPLORED
  explorer::Fail(file, line, what);
#else
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
#endif
}

}  // namespace ashlar::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::span<const std::uint8_t> bytes(data, size_bytes);
  ashlar::fuzz::Run(ashlar::fuzz::ReadProgram(bytes), bytes);
  return 0;
}

#ifdef ASHLAR_EXPLORED
// libFuzzer's thread that watches the memory would be taken for one of the program's: an explored
// process has one real thread.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  static char no_watcher[] = "-rss_limit_mb=0";
  static std::vector<char*> arguments;
  arguments.assign(*argv, *argv + *argc);
  arguments.push_back(no_watcher);
  *argc += 1;
  arguments.push_back(nullptr);
  *argv = arguments.data();
  return 0;
}
#endif

// libFuzzer calls these in place of mutators of its own.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size_bytes,
                                               std::size_t most_bytes, unsigned seed);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size_bytes,
                                               std::size_t most_bytes, unsigned seed) {
  ashlar::fuzz::Program program = ashlar::fuzz::ReadProgram({data, size_bytes});
  for (unsigned i = 0; i <= seed % 4; ++i) ashlar::fuzz::MutateProgram(program, seed + i);
  return ashlar::fuzz::Replace(data, most_bytes, program);
}
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_bytes,
                                                 const std::uint8_t* other,
                                                 std::size_t other_bytes, std::uint8_t* out,
                                                 std::size_t most_bytes, unsigned seed);
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_bytes,
                                                 const std::uint8_t* other,
                                                 std::size_t other_bytes, std::uint8_t* out,
                                                 std::size_t most_bytes, unsigned seed) {
  return ashlar::fuzz::Replace(
      out, most_bytes,
      ashlar::fuzz::CrossPrograms(ashlar::fuzz::ReadProgram({one, one_bytes}),
                                  ashlar::fuzz::ReadProgram({other, other_bytes}), seed));
}
