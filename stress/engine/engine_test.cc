// Each scenario over the shipping engine, as its oracle says. A test is named by its scenario.
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "stress/engine/scenario.h"

namespace ashlar::stress {
namespace {

constexpr std::uint64_t kSeed = 1;

class Engine : public testing::Test {
 public:
  explicit Engine(const Scenario& scenario) : scenario_(scenario) {}

  void TestBody() override {
    // Each execution that ends the process says so.
    const bool ends = scenario_.oracle == Oracle::kEnds;
    if (ends) testing::internal::CaptureStderr();
    const Verdict verdict = Judge(scenario_, scenario_.executions, kSeed, true);
    if (ends) {
      EXPECT_NE(testing::internal::GetCapturedStderr().find("double free"), std::string::npos);
    }
    EXPECT_TRUE(verdict.as_expected) << verdict.failure << "\n" << verdict.report;
    EXPECT_TRUE(!verdict.as_expected || verdict.executions == scenario_.executions);
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
