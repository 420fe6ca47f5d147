#include "stress/trace/line.h"

#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "stress/trace/call.h"

namespace ashlar::stress {
namespace {

std::string FaultOf(absl::string_view line) {
  const absl::StatusOr<Call> call = ParseLine(line);
  return call.ok() ? "" : std::string(call.status().message());
}

TEST(Line, EveryVerbIsUnderstood) {
  EXPECT_EQ(*ParseLine("7: malloc 0x10 32"),
            (Call{.verb = Verb::kMalloc, .thread_id = 7, .pointer = 0x10, .size_bytes = 32}));
  EXPECT_EQ(
      *ParseLine("7: calloc 0xaB 3 32"),
      (Call{.verb = Verb::kCalloc, .thread_id = 7, .pointer = 0xab, .count = 3, .size_bytes = 32}));
  EXPECT_EQ(*ParseLine("7: memalign 0x40 64 5"), (Call{.verb = Verb::kMemalign,
                                                       .thread_id = 7,
                                                       .pointer = 0x40,
                                                       .alignment = 64,
                                                       .size_bytes = 5}));
  EXPECT_EQ(*ParseLine("7: realloc 0x20 0x10 9"), (Call{.verb = Verb::kRealloc,
                                                        .thread_id = 7,
                                                        .pointer = 0x20,
                                                        .old_pointer = 0x10,
                                                        .size_bytes = 9}));
  EXPECT_EQ(*ParseLine("7: free 0x10"),
            (Call{.verb = Verb::kFree, .thread_id = 7, .pointer = 0x10}));
  EXPECT_EQ(*ParseLine("7: thread_done 0x0"), (Call{.verb = Verb::kThreadDone, .thread_id = 7}));
}

TEST(Line, TheLargestNumbersAreTaken) {
  const absl::StatusOr<Call> call =
      ParseLine("4294967295: malloc 0xffffffffffffffff 18446744073709551615");
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call->thread_id, 4294967295u);
  EXPECT_EQ(call->pointer, ~std::uint64_t{0});
  EXPECT_EQ(call->size_bytes, ~std::uint64_t{0});
}

TEST(Line, AFaultIsNamed) {
  const struct {
    std::string line;
    std::string fault;
  } kTable[] = {
      {"", "the line is empty"},
      {"malloc 0x10 8", "no line of a trace: 'malloc' is no 'thread:'"},
      {"x: malloc 0x10 8", "thread 'x' is no decimal number"},
      {": malloc 0x10 8", "thread '' is no decimal number"},
      {"-1: malloc 0x10 8", "thread '-1' is negative"},
      {"4294967296: free 0x10", "thread '4294967296' is too large"},
      {"1:", "the verb is missing"},
      {"1: ", "the verb is missing"},
      {"1:  malloc 0x10 8", "the verb is missing"},
      {"1: mmap 0x10 8", "unknown verb 'mmap'"},
      {"1: malloc", "the pointer is missing"},
      {"1: malloc 10 8", "pointer '10' does not begin with 0x"},
      {"1: malloc 0x 8", "pointer '' is no hexadecimal number"},
      {"1: malloc 0x1g 8", "pointer '1g' is no hexadecimal number"},
      {"1: malloc 0x11112222333344445 8", "pointer '11112222333344445' does not fit in 64 bits"},
      {"1: malloc 0x10", "the size is missing"},
      {"1: malloc 0x10 -8", "size '-8' is negative"},
      {"1: malloc 0x10 8x", "size '8x' is no decimal number"},
      {"1: malloc 0x10 +8", "size '+8' is no decimal number"},
      {"1: malloc 0x10 18446744073709551616",
       "size '18446744073709551616' does not fit in 64 bits"},
      {"1: malloc 0x10 8 ", "'' follows the end of the call"},
      {"1: malloc 0x10 8\r", "size '8\\r' is no decimal number"},
      {"1: calloc 0x10 8", "the size is missing"},
      {"1: memalign 0x10 8", "the size is missing"},
      {"1: realloc 0x10 8 8", "old pointer '8' does not begin with 0x"},
      {"1: free 0x10 8", "'8' follows the end of the call"},
      {"1: thread_done", "the pointer is missing"},
      {"1: thread_done 0x10", "thread_done takes the pointer 0x0"},
      {std::string("\0\x01\xff", 3), "no line of a trace: '\\x00\\x01\\xff' is no 'thread:'"},
      {std::string(300, '1'), "the line is longer than 256 bytes"},
      {"1: " + std::string(40, 'a'), "unknown verb '" + std::string(32, 'a') + "...'"},
  };
  for (const auto& row : kTable) EXPECT_EQ(FaultOf(row.line), row.fault) << row.line;
}

}  // namespace
}  // namespace ashlar::stress
