#include "stress/trace/trace_reader.h"

#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "stress/trace/string_input.h"
#include "stress/trace/trace.h"
#include "stress/trace/trace_builder.h"

namespace ashlar::stress {
namespace {

std::string FaultOf(const std::string& text) {
  StringInput input(text);
  return std::string(ReadTrace(input).status().message());
}

TEST(TraceReader, LinesMayBeCutAnywhereByTheInput) {
  const std::string text = "1: malloc 0x10 8\n1: malloc 0x20 8\n2: free 0x10\n";
  for (std::size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes) {
    StringInput input(text, piece_bytes);
    const absl::StatusOr<Trace> trace = ReadTrace(input);
    ASSERT_TRUE(trace.ok()) << trace.status();
    EXPECT_EQ(trace->steps().size(), 3u);
    EXPECT_EQ(trace->summary().blocks_left, 1u);
  }
}

TEST(TraceReader, AFaultNamesItsLine) {
  const struct {
    std::string text;
    std::string fault;
  } kTable[] = {
      {"", "trace:1: the trace is empty"},
      {"\n", "trace:1: the line is empty"},
      {"1: malloc 0x10 8\n1: free 0x10\n1: free 0x10\n",
       "trace:3: free of 0x10, which is not live"},
      {"1: malloc 0x10 8\n1: free 0x20\n", "trace:2: free of 0x20, which is not live"},
      {"1: malloc 0x10 8\n1: realloc 0x30 0x20 8\n", "trace:2: realloc of 0x20, which is not live"},
      {"1: malloc 0x10 -8\n", "trace:1: size '-8' is negative"},
      {"1: malloc 0x10 8\n1: mmap 0x20 8\n", "trace:2: unknown verb 'mmap'"},
      {"1: malloc 0x10 9000000000000000000\n",
       "trace:1: size 9000000000000000000 is beyond any address space, yet the call succeeded"},
      {"1: calloc 0x10 9000000000000000000 9\n",
       "trace:1: calloc of 9000000000000000000 times 9 bytes does not fit in 64 bits"},
      {"1: memalign 0x10 12 9\n", "trace:1: alignment 12 is no power of two"},
      {"1: malloc 0x10 8\n1: free 0x1",
       "trace:2: the last line does not end with a newline: the trace is cut off"},
      {"1: malloc 0x10 8\n" + std::string("\x7f"
                                          "ELF\x02\x01\x00\n",
                                          8),
       "trace:2: no line of a trace: '\\x7f\\x45LF\\x02\\x01\\x00' is no 'thread:'"},
      {"1: malloc 0x10 8\n" + std::string(1'000'000, '\0'),
       "trace:2: the line is longer than 256 bytes"},
  };
  for (const auto& row : kTable) EXPECT_EQ(FaultOf(row.text), row.fault);
}

TEST(TraceReader, AMillionThreadsAreRefused) {
  std::string text;
  for (int id = 0; id < 1'000'000; ++id) text += std::to_string(id) + ": free 0x0\n";
  EXPECT_EQ(FaultOf(text),
            "trace:4097: thread 4096 is one more than the 4096 threads that may live at once");
}

TEST(TraceReader, ARecordingThatBeganLateIsReadOnRequest) {
  StringInput input("1: free 0x10\n1: malloc 0x10 8\n");
  const absl::StatusOr<Trace> trace = ReadTrace(input, UnknownFrees::kSkip);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->summary().skipped_calls, 1u);
}

}  // namespace
}  // namespace ashlar::stress
