#include "stress/trace/trace_builder.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "stress/trace/call.h"
#include "stress/trace/trace.h"

namespace ashlar::stress {
namespace {

Call Malloc(std::uint32_t thread, std::uint64_t pointer, std::uint64_t size_bytes = 8) {
  return {.verb = Verb::kMalloc, .thread_id = thread, .pointer = pointer, .size_bytes = size_bytes};
}
Call Realloc(std::uint32_t thread, std::uint64_t pointer, std::uint64_t old_pointer,
             std::uint64_t size_bytes) {
  return {.verb = Verb::kRealloc,
          .thread_id = thread,
          .pointer = pointer,
          .old_pointer = old_pointer,
          .size_bytes = size_bytes};
}
Call Free(std::uint32_t thread, std::uint64_t pointer) {
  return {.verb = Verb::kFree, .thread_id = thread, .pointer = pointer};
}
Call Done(std::uint32_t thread) { return {.verb = Verb::kThreadDone, .thread_id = thread}; }

Trace Build(const std::vector<Call>& calls, UnknownFrees unknown_frees = UnknownFrees::kRefuse) {
  TraceBuilder builder(unknown_frees);
  for (const Call& call : calls) {
    const absl::Status added = builder.Add(call);
    EXPECT_TRUE(added.ok()) << added;
  }
  return std::move(builder).Build();
}

// What is said of the last of `calls`; all others must be taken.
std::string FaultOf(const std::vector<Call>& calls,
                    UnknownFrees unknown_frees = UnknownFrees::kRefuse) {
  TraceBuilder builder(unknown_frees);
  for (std::size_t i = 0; i + 1 < calls.size(); ++i) {
    const absl::Status added = builder.Add(calls[i]);
    EXPECT_TRUE(added.ok()) << added;
  }
  return std::string(builder.Add(calls.back()).message());
}

TEST(TraceBuilder, ANameThatComesAgainIsAnotherBlock) {
  const Trace trace = Build({Malloc(1, 0x10), Free(1, 0x10), Malloc(1, 0x10), Free(1, 0x10)});
  ASSERT_EQ(trace.steps().size(), 4u);
  EXPECT_EQ(trace.block_count(), 2u);
  EXPECT_EQ(trace.steps()[1].ends, trace.steps()[0].begins);
  EXPECT_EQ(trace.steps()[3].ends, trace.steps()[2].begins);
  EXPECT_NE(trace.steps()[1].ends, trace.steps()[3].ends);
}

TEST(TraceBuilder, AnIdThatComesAgainAfterThreadDoneIsAnotherThread) {
  const Trace trace = Build({Malloc(5, 0x10), Done(5), Free(5, 0x10), Done(5)});
  EXPECT_EQ(trace.thread_count(), 2u);
  EXPECT_EQ(trace.steps()[0].thread, 0u);
  EXPECT_EQ(trace.steps()[1].thread, 1u);
  EXPECT_EQ(trace.life().size(), 4u);
  EXPECT_EQ(trace.summary().most_threads, 1u);
  EXPECT_EQ(trace.summary().freed_by_another_thread, 1u);
}

TEST(TraceBuilder, EachThreadFindsItsStepsInOrder) {
  const Trace trace =
      Build({Malloc(1, 0x10), Malloc(2, 0x20), Free(1, 0x20), Malloc(1, 0x30), Free(2, 0x10)});
  const std::span<const std::uint32_t> first = trace.PositionsOf(0);
  const std::span<const std::uint32_t> second = trace.PositionsOf(1);
  EXPECT_EQ(std::vector<std::uint32_t>(first.begin(), first.end()),
            (std::vector<std::uint32_t>{0, 2, 3}));
  EXPECT_EQ(std::vector<std::uint32_t>(second.begin(), second.end()),
            (std::vector<std::uint32_t>{1, 4}));
}

TEST(TraceBuilder, AFailedCallIsCountedAndIsNoStep) {
  const Trace trace =
      Build({Malloc(1, 0, ~std::uint64_t{0}),
             Malloc(1, 0x10),
             Realloc(1, 0, 0x10, 64),
             Free(1, 0x10),
             {.verb = Verb::kMemalign, .thread_id = 1, .alignment = 3},
             {.verb = Verb::kCalloc, .thread_id = 1, .count = ~std::uint64_t{0}, .size_bytes = 2}});
  EXPECT_EQ(trace.steps().size(), 2u);
  EXPECT_EQ(trace.summary().failed_calls, 4u);
  EXPECT_EQ(trace.summary().calls, 6u);
}

TEST(TraceBuilder, ReallocOfNullIsMallocAndReallocToZeroEndsTheBlock) {
  const Trace trace = Build({Realloc(1, 0x10, 0, 8), Realloc(1, 0, 0x10, 0), Malloc(1, 0x10),
                             Realloc(1, 0x10, 0x10, 0), Free(1, 0x10), Realloc(1, 0, 0, 0)});
  ASSERT_EQ(trace.steps().size(), 5u);
  EXPECT_EQ(trace.steps()[0].operation, Operation::kAllocate);
  EXPECT_EQ(trace.steps()[1].operation, Operation::kFree);
  EXPECT_EQ(trace.steps()[3].operation, Operation::kReallocate);
  EXPECT_EQ(trace.steps()[3].ends, trace.steps()[2].begins);
  EXPECT_EQ(trace.summary().blocks_left, 0u);
}

TEST(TraceBuilder, TheSummaryCountsWhatLives) {
  const Trace trace =
      Build({Malloc(1, 0x10, 100), Malloc(2, 0x20, 50), Free(2, 0x10), Malloc(1, 0x30, 20)});
  EXPECT_EQ(trace.summary().most_live_blocks, 2u);
  EXPECT_EQ(trace.summary().most_live_bytes, 150u);
  EXPECT_EQ(trace.summary().blocks_left, 2u);
  EXPECT_EQ(trace.summary().most_threads, 2u);
}

TEST(TraceBuilder, AContradictionIsNamed) {
  EXPECT_EQ(FaultOf({Free(1, 0x10)}), "free of 0x10, which is not live");
  EXPECT_EQ(FaultOf({Malloc(1, 0x10), Free(1, 0x10), Free(1, 0x10)}),
            "free of 0x10, which is not live");
  EXPECT_EQ(FaultOf({Realloc(1, 0x20, 0x10, 8)}), "realloc of 0x10, which is not live");
  EXPECT_EQ(FaultOf({Realloc(1, 0, 0x10, 8)}), "realloc of 0x10, which is not live");
  EXPECT_EQ(FaultOf({Malloc(1, 0x10), Malloc(2, 0x10)}),
            "the result 0x10 is a block that is still live");
  EXPECT_EQ(FaultOf({Malloc(1, 0x10), Malloc(1, 0x20), Realloc(1, 0x20, 0x10, 8)}),
            "the result 0x20 is a block that is still live");
  EXPECT_EQ(FaultOf({{.verb = Verb::kCalloc,
                      .pointer = 0x10,
                      .count = 1ull << 40,
                      .size_bytes = 1ull << 40}}),
            "calloc of 1099511627776 times 1099511627776 bytes does not fit in 64 bits");
  EXPECT_EQ(FaultOf({{.verb = Verb::kMemalign, .pointer = 0x10, .alignment = 24}}),
            "alignment 24 is no power of two");
  EXPECT_EQ(FaultOf({{.verb = Verb::kMemalign, .pointer = 0x10, .alignment = 0}}),
            "alignment 0 is no power of two");
  EXPECT_EQ(FaultOf({{.verb = Verb::kMemalign, .pointer = 0x10, .alignment = 1ull << 63}}),
            "alignment 9223372036854775808 is beyond any address space");
  EXPECT_EQ(FaultOf({Malloc(1, 0x10, kLargestSizeBytes + 1)}),
            "size 140737488355329 is beyond any address space, yet the call succeeded");
}

TEST(TraceBuilder, UnknownFreesAreSkippedWhereThatIsAllowed) {
  const Trace trace =
      Build({Free(1, 0x10), Realloc(1, 0x20, 0x10, 8), Free(1, 0x20), Realloc(1, 0, 0x30, 8)},
            UnknownFrees::kSkip);
  ASSERT_EQ(trace.steps().size(), 2u);
  EXPECT_EQ(trace.steps()[0].operation, Operation::kAllocate);
  EXPECT_EQ(trace.summary().skipped_calls, 2u);
}

TEST(TraceBuilder, MoreThreadsThanMayLiveAtOnceAreRefused) {
  std::vector<Call> calls;
  for (std::uint32_t id = 0; id <= kMostLiveThreads; ++id) calls.push_back(Free(id, 0));
  EXPECT_EQ(FaultOf(calls), "thread 4096 is one more than the 4096 threads that may live at once");
}

TEST(TraceBuilder, MoreThreadsThanATraceMayHaveAreRefused) {
  std::vector<Call> calls;
  for (std::uint32_t id = 0; id < kMostThreads; ++id) calls.push_back(Done(id));
  calls.push_back(Done(7));
  EXPECT_EQ(FaultOf(calls), "thread 7 is one more than the 65536 threads of a trace");
}

}  // namespace
}  // namespace ashlar::stress
