// Each bug of the catalogue is found by its scenario within its bound; without a bug all are clean.
//
//   seeded_test                      the table: bug, layer, scenario, executions until it was found
//   SEEDED_MEDIANS=21 seeded_test    the same with the median and the most of so many seeds
//   SEEDED_BUG=7 seeded_test         that bug alone, with the explorer's report
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "stress/engine/scenario.h"
#include "stress/seeded/seeded.h"

namespace ashlar::seeded {
namespace {

using stress::FindScenario;
using stress::Oracle;
using stress::Scenario;
using stress::Verdict;

// A number from the environment; 0 if there is none.
std::uint64_t Asked(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : 0;
}

// What Fail() says in each execution of some scenarios is not for the table.
Verdict JudgeQuietly(const Scenario& scenario, std::uint64_t executions, std::uint64_t seed,
                     bool report) {
  if (scenario.oracle != Oracle::kEnds) return Judge(scenario, executions, seed, report);
  testing::internal::CaptureStderr();
  const Verdict verdict = Judge(scenario, executions, seed, report);
  static_cast<void>(testing::internal::GetCapturedStderr());
  return verdict;
}

// The bug is on for as long as this lives.
class Planted {
 public:
  explicit Planted(std::size_t index) { bug = static_cast<int>(index + 1); }
  ~Planted() { bug = 0; }
  Planted(const Planted&) = delete;
  Planted& operator=(const Planted&) = delete;
};

void PrintRow(std::size_t index, const std::string& executions, const std::string& failure) {
  const Bug& planted = Bugs()[index];
  std::printf("%3zu  %-5s  %-72.72s  %-42s  %10s  %.60s\n", index + 1, planted.layer, planted.name,
              planted.scenario, executions.c_str(), failure.c_str());
  std::fflush(stdout);
}

TEST(Seeded, EachBugIsFoundWithinItsBound) {
  const std::uint64_t only = Asked("SEEDED_BUG");
  const std::uint64_t seeds = std::max<std::uint64_t>(Asked("SEEDED_MEDIANS"), 1);
  for (std::size_t i = 0; i < Bugs().size(); ++i) {
    if (only != 0 && only != i + 1) continue;
    const Bug& planted = Bugs()[i];
    const Scenario* scenario = FindScenario(planted.scenario);
    ASSERT_NE(scenario, nullptr) << planted.scenario;
    const Planted on(i);
    std::vector<std::uint64_t> executions;
    std::string failure;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const Verdict verdict = JudgeQuietly(*scenario, planted.within, seed, only != 0);
      EXPECT_FALSE(verdict.as_expected) << planted.name << ": not found in " << verdict.executions
                                        << " executions, seed " << seed;
      executions.push_back(verdict.executions);
      failure = verdict.as_expected ? "-" : verdict.failure;
      if (only != 0) std::printf("%s\n", verdict.report);
    }
    std::sort(executions.begin(), executions.end());
    std::string text = std::to_string(executions[executions.size() / 2]);
    if (seeds > 1) text += " (" + std::to_string(executions.back()) + ")";
    PrintRow(i, text, failure);
  }
}

TEST(Seeded, WithoutABugNothingIsFound) {
  ASSERT_EQ(bug, 0);
  std::map<std::string, std::uint64_t> bounds;  // the largest of each scenario
  for (const Bug& planted : Bugs()) {
    std::uint64_t& bound = bounds[planted.scenario];
    bound = std::max(bound, planted.within);
  }
  for (const auto& [name, bound] : bounds) {
    const Scenario* scenario = FindScenario(name.c_str());
    ASSERT_NE(scenario, nullptr) << name;
    const Verdict verdict = JudgeQuietly(*scenario, std::min(bound, scenario->executions), 1, true);
    EXPECT_TRUE(verdict.as_expected) << name << ": " << verdict.report;
  }
}

TEST(Seeded, EachLayerHasFive) {
  std::map<std::string, int> count;
  for (const Bug& planted : Bugs()) ++count[planted.layer];
  for (const char* layer : {"sync", "slab", "depot", "heap"}) EXPECT_GE(count[layer], 5) << layer;
  EXPECT_GE(Bugs().size(), 25U);
}

}  // namespace
}  // namespace ashlar::seeded
