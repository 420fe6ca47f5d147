// Each scenario over the shipping engine, as its oracle says. A test is named by its scenario.
//
//   ENGINE_SEED=7 engine_test      other executions than those of seed 1
//   ENGINE_TIMES=100 engine_test   so many times as many
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "stress/engine/scenario.h"

namespace ashlar::stress {
namespace {

// A number from the environment; 1 if there is none.
std::uint64_t Asked(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : 1;
}

class Engine : public testing::Test {
 public:
  explicit Engine(const Scenario& scenario) : scenario_(scenario) {}

  void TestBody() override {
    // Each execution that ends the process says so.
    const bool ends = scenario_.oracle == Oracle::kEnds;
    if (ends) testing::internal::CaptureStderr();
    const std::uint64_t seed = Asked("ENGINE_SEED");
    const std::uint64_t executions = scenario_.executions * Asked("ENGINE_TIMES");
    const Verdict verdict = Judge(scenario_, executions, seed, true);
    if (ends) {
      EXPECT_NE(testing::internal::GetCapturedStderr().find("double free"), std::string::npos);
    }
    EXPECT_TRUE(verdict.as_expected)
        << "seed " << seed << ": " << verdict.failure << "\n" << verdict.report;
    EXPECT_TRUE(!verdict.as_expected || verdict.executions == executions);
  }

 private:
  const Scenario& scenario_;
};

[[maybe_unused]] const bool kRegistered = [] {
  for (const auto& scenarios :
       {SyncScenarios(), SlabScenarios(), DepotScenarios(), HeapScenarios()}) {
    for (const Scenario& scenario : scenarios) {
      testing::RegisterTest("Engine", scenario.name, nullptr, nullptr, __FILE__, __LINE__,
                            [&scenario] { return new Engine(scenario); });
    }
  }
  return true;
}();

}  // namespace
}  // namespace ashlar::stress
