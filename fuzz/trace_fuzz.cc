// trace_fuzz.cc - any bytes as the text of a trace: read whole or in pieces they are the same trace,
// or refused with the same words; and what is accepted keeps the promises of Trace.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"
#include "stress/trace/string_input.h"
#include "stress/trace/trace.h"
#include "stress/trace/trace_reader.h"

namespace ashlar::fuzz {
namespace {

using stress::kNoBlock;
using stress::Step;
using stress::Trace;

absl::StatusOr<Trace> Read(const std::string& text, std::size_t piece_bytes) {
  stress::StringInput input(text, piece_bytes);
  return ReadTrace(input);
}

void CheckPromises(const Trace& trace) {
  std::vector<int> state;  // by block: 1 begun, 2 ended
  for (const Step& step : trace.steps()) {
    if (step.begins != kNoBlock) {
      if (step.begins >= state.size()) state.resize(step.begins + std::size_t{1});
      Check(state[step.begins] == 0, "a block is begun once");
      state[step.begins] = 1;
    }
    if (step.ends != kNoBlock) {
      Check(step.ends < state.size() && state[step.ends] == 1, "a block is ended after it is begun");
      state[step.ends] = 2;
    }
  }
  std::size_t left = 0;
  for (const int of_block : state) left += of_block == 1 ? 1 : 0;
  Check(trace.summary().blocks_left == left, "what is left is counted");
}

}  // namespace
}  // namespace ashlar::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  using namespace ashlar::fuzz;
  const std::string text(reinterpret_cast<const char*>(data), size_bytes);
  const auto whole = Read(text, text.size() + 1);
  const auto pieces = Read(text, 7);
  Check(whole.status() == pieces.status(), "pieces are read as the whole is");
  if (!whole.ok()) {
    Check(absl::StartsWith(whole.status().message(), "trace:"), "a fault names its line");
    return 0;
  }
  Check(whole->steps() == pieces->steps(), "pieces are read as the whole is");
  Check(whole->life() == pieces->life(), "pieces are read as the whole is");
  CheckPromises(*whole);
  return 0;
}
