// A failure is shrunk, written down, and fails again from its file.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::explorer {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using mo = std::memory_order;

// Fails when two threads are between load and store at once; operation 2 of three does it.
void LoseAnUpdate() {
  auto count = std::make_unique<std::atomic<int>>(0);
  std::atomic<int> expected{0};
  const auto work = [&] {
    for (int i = 0; i < 4; ++i) {
      switch (Choose(3)) {
        case 0: break;
        case 1: count->fetch_add(1, mo::relaxed); expected.fetch_add(1, mo::relaxed); break;
        default: {
          const int seen = count->load(mo::relaxed);
          count->store(seen + 1, mo::relaxed);
          expected.fetch_add(1, mo::relaxed);
        }
      }
    }
  };
  std::thread a(work);
  std::thread b(work);
  a.join();
  b.join();
  ASHLAR_REQUIRE(count->load(mo::relaxed) == expected.load(mo::relaxed));
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string Folder() {
  std::string folder = ::testing::TempDir() + "schedules-XXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

// The file that the report names.
std::string FileIn(const std::string& report) {
  const std::string before = "./ashlar replay ";
  const std::size_t at = report.find(before);
  if (at == std::string::npos) return "";
  return report.substr(at + before.size(), report.find('\n', at) - at - before.size());
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Result FindIt() { return Explore({.executions = 20000}, LoseAnUpdate); }

TEST(Recording, AFailureIsShrunkToWhatItNeeds) {
  const std::string folder = Folder();
  setenv("ASHLAR_SCHEDULES", folder.c_str(), 1);
  const Result result = FindIt();
  ASSERT_TRUE(result.failed);
  // One load and store, one other update between them, of eight operations: a load, two changes of
  // the count (L1), the two of what is expected (L2), and the two reads at the end.
  const std::string report = result.report;
  EXPECT_LE(CountOf(report, "L1 "), 4U) << report;
  EXPECT_LE(CountOf(report, "L2 "), 3U) << report;
  EXPECT_EQ(CountOf(report, "start T"), 2U);
}

TEST(Recording, TheFileNamesTheExplorationAndReplays) {
  const std::string folder = Folder();
  setenv("ASHLAR_SCHEDULES", folder.c_str(), 1);
  const std::string path = FileIn(FindIt().report);
  ASSERT_NE(path, "");
  EXPECT_THAT(path, StartsWith(folder));
  const std::string text = ReadAll(path);
  EXPECT_THAT(text, StartsWith("ashlar-schedule 1\n"));
  EXPECT_THAT(text, HasSubstr("\nexploration "));
  EXPECT_THAT(text, HasSubstr("\nbytes "));

  // A process of its own runs it again, and nothing else.
  const std::string command =
      "ASHLAR_REPLAY='" + path + "' /proc/" + std::to_string(getpid()) + "/exe";
  FILE* run = popen(command.c_str(), "r");
  ASSERT_NE(run, nullptr);
  std::string said;
  char line[512];
  while (fgets(line, sizeof line, run) != nullptr) said += line;
  const int status = pclose(run);
  EXPECT_EQ(WEXITSTATUS(status), 1) << said;
  EXPECT_THAT(said, HasSubstr("does not hold"));
}

std::string RunWith(const std::string& schedule) {
  const std::string path = Folder() + "/bad.schedule";
  std::ofstream(path) << schedule;
  const std::string command = "ASHLAR_REPLAY='" + path + "' /proc/" + std::to_string(getpid()) +
                              "/exe --gtest_filter=Recording.AFailureIsShrunkToWhatItNeeds 2>&1";
  FILE* run = popen(command.c_str(), "r");
  std::string said;
  char line[512];
  while (run != nullptr && fgets(line, sizeof line, run) != nullptr) said += line;
  EXPECT_EQ(WEXITSTATUS(pclose(run)), 2) << said;
  return said;
}

TEST(Recording, ABadFileIsOneLineAndNotReplayed) {
  unsetenv("ASHLAR_REPLAY");
  EXPECT_THAT(RunWith("hello\n"), HasSubstr(":1: not a schedule"));
  EXPECT_THAT(RunWith(""), HasSubstr(":1: not a schedule"));
  EXPECT_THAT(RunWith("ashlar-schedule 1\nexploration x\n"), HasSubstr("the line of bytes is missing"));
  EXPECT_THAT(RunWith("ashlar-schedule 1\nwhat\n"), HasSubstr(":2: an unknown word"));
  EXPECT_THAT(RunWith("ashlar-schedule 1\nexploration x\nbytes 0\n"), HasSubstr(":3: half a byte"));
  EXPECT_THAT(RunWith("ashlar-schedule 1\nexploration x\nbytes 0g\n"), HasSubstr("no hexadecimal digit"));
  EXPECT_THAT(RunWith("ashlar-schedule 1\nexploration x\nbytes 00"), HasSubstr("cut off"));
  EXPECT_THAT(RunWith("ashlar-schedule 1\nbytes 00\n"), HasSubstr("no exploration is named"));
}

TEST(Recording, ATestThatIsNotDeterministicIsSaidToBe) {
  static int runs = 0;  // not rolled back: written where nobody sees it
  const Result result = Explore({.executions = 20}, [] {
    volatile int* hidden = &runs;
    asm volatile("incl %0" : "+m"(*const_cast<int*>(hidden)));
    ASHLAR_REQUIRE(*const_cast<int*>(hidden) != 3);
  });
  EXPECT_THAT(std::string(result.failure), StartsWith("the test is not deterministic"));
}

TEST(Recording, ExecutionsOfOneSeedAreTheSame) {
  const auto outcomes = [](std::uint64_t seed) {
    ClearOutcomes();
    const Result result = Explore({.executions = 500, .seed = seed}, [] {
      std::atomic<int> x{0};
      std::thread a([&] { x.fetch_add(1, mo::relaxed); });
      NoteOutcome(std::to_string(x.load(mo::relaxed)).c_str());
      a.join();
    });
    EXPECT_TRUE(result.clean()) << result.report;
    std::size_t count;
    const Outcome* all = Outcomes(&count);
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += std::string(all[i].text) + ":" + std::to_string(all[i].count) + " ";
    return text;
  };
  const std::string first = outcomes(1);
  EXPECT_EQ(outcomes(1), first);
  EXPECT_NE(outcomes(3), first);
}

}  // namespace
}  // namespace ashlar::explorer
