// expectations.h - what tests of this folder expect of an exploration.
#ifndef ASHLAR_STRESS_EXPLORER_TEST_EXPECTATIONS_H_
#define ASHLAR_STRESS_EXPLORER_TEST_EXPECTATIONS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::explorer {

// Two threads beside the one that waits for them here.
template <typename First, typename Second>
void InParallel(const First& first, const Second& second) {
  std::thread a([&first] { first(); });
  std::thread b([&second] { second(); });
  a.join();
  b.join();
}

// Steps enough for others to stop spinning and go to sleep.
inline void Work() {
  static std::atomic<int> work;
  for (int i = 0; i < 12; ++i) work.fetch_add(1, std::memory_order_relaxed);
}

// No failure and no leak, by the mixture of strategies.
template <typename Body>
void ExpectClean(const Body& body, std::uint64_t executions = 5000,
                 const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const Result result = Explore({.executions = executions, .leaks_fail = true}, body, file, line);
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.executions, executions);
}

// The same in all executions that there are.
template <typename Body>
void ExpectCompletelyClean(const Body& body, const char* file = __builtin_FILE(),
                           int line = __builtin_LINE()) {
  const Result result = Explore({.executions = 2'000'000,
                                 .strategy = Strategy::kExhaustive,
                                 .reuse = Reuse::kNever,
                                 .leaks_fail = true},
                                body, file, line);
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.extent, Extent::kComplete);
}

// A failure whose first line contains `what`.
inline void ExpectFailure(const Result& result, std::string_view what) {
  EXPECT_TRUE(result.failed) << result.executions << " executions were clean";
  EXPECT_NE(std::string_view(result.failure).find(what), std::string_view::npos) << result.report;
}

// Each of eight explorations meets a data race first, a pair of lines, and it is one of those that are
// known.
template <typename Body>
void ExpectKnownRaces(const std::set<std::string>& known, const Body& body,
                      const char* file = __builtin_FILE(), int line_number = __builtin_LINE()) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Result result = Explore({.executions = 5000, .seed = seed}, body, file, line_number);
    ExpectFailure(result, "data race");
    // "  now      folders/file:line:column  (function)"
    const auto line = [&](std::string_view which) {
      std::string_view rest = result.report;
      rest.remove_prefix(std::min(rest.find(which), rest.size() - which.size()) + which.size());
      rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
      rest = rest.substr(0, rest.find(' '));
      rest = rest.substr(0, rest.rfind(':'));
      return std::string(rest.substr(rest.rfind('/') + 1));
    };
    const std::string now = line("\n  now ");
    const std::string earlier = line("\n  earlier ");
    const std::string pair = std::min(now, earlier) + " and " + std::max(now, earlier);
    EXPECT_TRUE(known.contains(pair)) << "a race that is not known: " << pair << '\n' << result.report;
  }
}

// What bodies since ClearOutcomes() noted, in alphabetical order.
inline std::string NotedOutcomes() {
  std::size_t count;
  const Outcome* outcomes = Outcomes(&count);
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) all += ", ";
    all += outcomes[i].text;
  }
  return all;
}

}  // namespace ashlar::explorer

#endif  // ASHLAR_STRESS_EXPLORER_TEST_EXPECTATIONS_H_
