// explored.h - what the explored tests of this layer have in common.
//
// Most are small enough for the explorer to run every execution: a proof, within its memory model
// and for these few steps. What is behind an edge is plain and lies in memory of its own.
// ../EDGES.md says what each is the witness of; stress/weaken sees to it that this is so.
#ifndef ASHLAR_LIB_SYNC_EXPLORED_EXPLORED_H_
#define ASHLAR_LIB_SYNC_EXPLORED_EXPLORED_H_

#include <cstdint>
#include <initializer_list>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::internal {

// What one thread does: any lambda, for as long as the expression that has it.
class Run {
 public:
  template <typename Body>
  Run(const Body& body)  // NOLINT: implicit
      : body_(&body), call_([](const void* b) { (*static_cast<const Body*>(b))(); }) {}

  void operator()() const { call_(body_); }

 private:
  const void* body_;
  void (*call_)(const void* body);
};

// A thread for each; returns when all have ended.
inline void Together(std::initializer_list<Run> runs) {
  std::vector<std::thread> threads;
  threads.reserve(runs.size());
  for (const Run& run : runs) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
}

// Every execution of `body`, within the second group of the explorer's limits.h, and none fails.
// For code that can go round for ever, as by a weak compare-exchange that fails without a reason
// each time.
template <typename Body>
explorer::Extent ExpectAlwaysWithinLimits(const Body& body, const char* file = __builtin_FILE(),
                                          int line = __builtin_LINE()) {
  const std::uint64_t most = 1'000'000;
  const explorer::Result result = explorer::Explore({.executions = most,
                                                     .strategy = explorer::Strategy::kExhaustive,
                                                     .reuse = explorer::Reuse::kNever},
                                                    body, file, line);
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_LT(result.executions, most) << "the search did not come to its end";
  return result.extent;
}

// Every execution of `body`, and none fails.
template <typename Body>
void ExpectAlways(const Body& body, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  EXPECT_EQ(ExpectAlwaysWithinLimits(body, file, line), explorer::Extent::kComplete);
}

// For what has too many executions: some of them, by the explorer's mixture.
template <typename Body>
void ExpectMostly(std::uint64_t executions, const Body& body, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  const explorer::Result result = explorer::Explore({.executions = executions}, body, file, line);
  EXPECT_TRUE(result.clean()) << result.report;
}

}  // namespace ashlar::internal

#endif  // ASHLAR_LIB_SYNC_EXPLORED_EXPLORED_H_
