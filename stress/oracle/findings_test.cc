#include "stress/oracle/findings.h"

#include <thread>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

TEST(Findings, TheFirstMessageOfEachOracleIsKeptAndTheRestIsCounted) {
  Findings findings;
  findings.Speak("counts", Gravity::kMendable, "one too many");
  findings.Speak("service", Gravity::kMendable, "not served");
  findings.Speak("counts", Gravity::kMendable, "two too many");
  ASSERT_EQ(findings.List().size(), 2u);
  EXPECT_EQ(findings.List()[0].message, "one too many");
  EXPECT_EQ(findings.List()[0].times, 2u);
  EXPECT_FALSE(findings.IsOver());
}

TEST(Findings, ACorruptionIsNoLessOneForWhatItsOracleSaidBefore) {
  Findings findings;
  findings.Speak("pattern", Gravity::kMendable, "odd");
  findings.Speak("pattern", Gravity::kCorrupt, "damaged");
  EXPECT_TRUE(findings.IsOver());
}

TEST(Findings, WhoeverReadsOfACorruptionSeesThatItIsOver) {
  for (int i = 0; i < 2000; ++i) {
    Findings findings;
    std::thread speaker([&] { findings.Speak("overlap", Gravity::kCorrupt, "two meet"); });
    while (findings.List().empty()) {
    }
    EXPECT_TRUE(findings.IsOver());
    speaker.join();
  }
}

TEST(Findings, ALimitOfTheHarnessIsNoFinding) {
  Findings findings;
  findings.GiveUp("too far");
  findings.GiveUp("too far again");
  EXPECT_TRUE(findings.IsOver());
  EXPECT_TRUE(findings.List().empty());
  EXPECT_EQ(findings.Limit(), "too far");
}

}  // namespace
}  // namespace ashlar::stress
