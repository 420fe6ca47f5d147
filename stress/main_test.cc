// The main job from outside: what it prints and how it ends.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/base/config.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace {

constexpr char kProgram[] = "stress/stress";
constexpr char kFaultyMalloc[] = "stress/libfaulty_malloc.so";

struct Result {
  int exit_code = -1;
  std::string text;  // standard output and error
};

// `before` and `arguments` are put around the program's path as a shell understands them.
Result RunStress(const std::string& arguments, const std::string& before = "") {
  Result result;
  const std::string command = absl::StrCat(before, " ", kProgram, " ", arguments, " 2>&1");
  std::FILE* const pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    result.text.append(buffer, n);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

Result RunTrace(const std::string& text, const std::string& arguments = "") {
  return RunStress("--trace=- --seed=1 " + arguments, "printf '" + text + "' |");
}

// One line, and nothing beside it: no verdict.
void ExpectRefusal(const Result& result, const std::string& line) {
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.text, line + "\n");
}

void ExpectVerdict(const Result& result, int exit_code, const std::string& part) {
  EXPECT_EQ(result.exit_code, exit_code) << result.text;
  EXPECT_TRUE(absl::StrContains(result.text, part)) << result.text;
}

TEST(Main, WithoutFlagsEveryScenarioPasses) {
  const Result result = RunStress("--seed=1 --operations=20000");
  EXPECT_EQ(result.exit_code, 0);
  for (const char* scenario : {"replay ", "ordered ", "heap ", "slab-1 ", "slab-24 ", "slab-64 ",
                               "slab-128 ", "slab-4096 "}) {
    EXPECT_TRUE(absl::StrContains(result.text, absl::StrCat("\n", scenario))) << scenario;
  }
  EXPECT_TRUE(absl::EndsWith(result.text, "\npassed\n")) << result.text;
  EXPECT_TRUE(absl::StrContains(result.text, "seed 1\n")) << result.text;
}

TEST(Main, ATraceComesFromStandardInputAFileOrAnArchive) {
  const std::string text = "1: malloc 0x10 8\\n2: free 0x10\\n";
  ExpectVerdict(RunTrace(text), 0, "trace: 2 calls, 2 threads");
  const std::string path = absl::StrCat(testing::TempDir(), "/main_test_", getpid());
  std::ofstream(path) << "1: malloc 0x10 8\n2: free 0x10\n";
  ExpectVerdict(RunStress("--trace=" + path), 0, "trace: 2 calls, 2 threads");
  ExpectVerdict(RunStress("--trace " + path + " --ordered"), 0, "\nordered ");
  ASSERT_EQ(std::system(("xz -f " + path).c_str()), 0);
  ExpectVerdict(RunStress("--trace=" + path + ".xz --checks=off"), 0, "trace: 2 calls, 2 threads");
}

TEST(Main, TheOutcomesAreWrittenForPrograms) {
  const std::string path = absl::StrCat(testing::TempDir(), "/main_test_", getpid(), ".json");
  ExpectVerdict(RunStress("--scenario=heap --operations=2000 --seed=3 --json=" + path), 0, "passed");
  ASSERT_EQ(std::system(("python3 -c 'import json,sys; o = json.load(open(sys.argv[1]));"
                         "assert o[\"seed\"] == 3 and o[\"passed\"], o;"
                         "assert o[\"scenarios\"][0][\"scenario\"] == \"heap\", o' " +
                         path)
                            .c_str()),
            0);
  ExpectRefusal(RunStress("--json=/nowhere/x"),
                "--json=/nowhere/x cannot be written: No such file or directory");
}

TEST(Main, ABadTraceIsOneLineAndNoVerdict) {
  ExpectRefusal(RunTrace("1: malloc 0x10 8\\n1: free 0x10\\n1: free 0x10\\n"),
                "trace:3: free of 0x10, which is not live");
  ExpectRefusal(RunTrace("1: malloc 0x10 -8\\n"), "trace:1: size '-8' is negative");
  ExpectRefusal(RunTrace("1: malloc 0x10 8\\n1: fre"),
                "trace:2: the last line does not end with a newline: the trace is cut off");
  ExpectRefusal(RunStress("--trace=- --seed=1", "head -c 5000 /dev/zero |"),
                "trace:1: the line is longer than 256 bytes");
  ExpectRefusal(RunStress("--trace=/nowhere"), "cannot open /nowhere: No such file or directory");
}

TEST(Main, FreesOfTheUnknownAreSkippedOnRequest) {
  const std::string text = "1: free 0x10\\n1: malloc 0x10 8\\n";
  ExpectRefusal(RunTrace(text), "trace:1: free of 0x10, which is not live");
  ExpectVerdict(RunTrace(text, "--skip_unknown_frees"), 0, "1 frees of unknown blocks skipped");
}

TEST(Main, ARequestThatCannotBeServedIsAVerdict) {
  ExpectVerdict(RunTrace("1: malloc 0x10 100000000000000\\n1: realloc 0x10 0x10 8\\n"), 1,
                "replay: service: a request for 100000000000000 bytes was not served");
}

TEST(Main, ABadFlagIsOneLine) {
  ExpectRefusal(RunStress("--bogus"), "unknown flag --bogus; --help lists them");
  ExpectRefusal(RunStress("bogus"), "'bogus' is no flag; --help lists them");
  ExpectRefusal(RunStress("--threads=0"), "--threads=0 is not from 1 to 1024");
  ExpectRefusal(RunStress("--checks=maybe"), "--checks=maybe is neither on nor off");
  ExpectRefusal(RunStress("--seconds=-1"), "--seconds=-1 is negative");
  ExpectRefusal(RunStress("--trace"), "--trace needs a value");
  ExpectRefusal(RunStress("--scenario=heap,zip"),
                "--scenario: there is no 'zip'; --help lists them");
  ExpectRefusal(RunStress("--scenario=slab-1 --allocator=system"),
                "--scenario: 'slab-1' is for --allocator=ashlar alone");
  ExpectVerdict(RunStress("--help"), 0, "--skip_unknown_frees");
}

TEST(Main, AFlagThatWouldDoNothingIsRefused) {
  ExpectRefusal(RunStress("--ordered --scenario=replay"),
                "--ordered and --scenario do not go together: say --scenario=ordered");
  ExpectRefusal(RunStress("--trace=X --scenario=slab-1"),
                "--trace would do nothing: no scenario that was chosen replays one");
  ExpectRefusal(RunStress("--skip_unknown_frees"),
                "--skip_unknown_frees would do nothing: there is no --trace");
  for (const std::string flag : {"threads", "operations", "seconds"}) {
    ExpectRefusal(RunTrace("", absl::StrCat("--", flag, "=2")),
                  absl::StrCat("--", flag,
                               " would do nothing: no scenario that was chosen is a "
                               "random one"));
  }
}

TEST(Main, WhatFailedIsToldWithAllThatRepeatsIt) {
  ExpectVerdict(RunTrace("1: malloc 0x10 100000000000000\n", "--skip_unknown_frees"), 1,
                "\nFAILED; again with --scenario=replay --skip_unknown_frees=true --trace=- "
                "--seed=1\n");
  ExpectVerdict(RunStress(absl::StrCat("--scenario=heap,ordered --threads=1 --operations=4000 "
                                       "--seed=5 --allocator=",
                                       kFaultyMalloc),
                          "FAULTY_MALLOC=overlap"),
                1,
                absl::StrCat("\nFAILED; again with --scenario=heap,ordered --allocator=",
                             kFaultyMalloc, " --operations=4000 --threads=1 --seed=5\n"));
}

TEST(Main, AnAllocatorIsLoadedByItsPath) {
  const std::string arguments = absl::StrCat("--scenario=replay --allocator=", kFaultyMalloc);
  ExpectVerdict(RunTrace("1: malloc 0x10 8\\n1: free 0x10\\n", arguments), 0, "\npassed\n");
  ExpectRefusal(RunStress(absl::StrCat("--allocator=/nowhere.so")),
                "cannot load the allocator: /nowhere.so: cannot open shared object file: "
                "No such file or directory");
}

TEST(Main, AFaultyAllocatorFails) {
  ExpectVerdict(RunStress(absl::StrCat("--scenario=heap --threads=1 --operations=4000 --seed=1 "
                                       "--allocator=",
                                       kFaultyMalloc),
                          "FAULTY_MALLOC=overlap"),
                1, "heap: overlap: ");
}

#if !defined(ABSL_HAVE_ADDRESS_SANITIZER) && !defined(ABSL_HAVE_THREAD_SANITIZER)
TEST(Main, AStackThatOverflowsInAnyThreadIsAVerdict) {
  ExpectVerdict(RunStress(absl::StrCat("--scenario=heap --operations=4000 --seed=1 --allocator=",
                                       kFaultyMalloc),
                          "FAULTY_MALLOC=recursion"),
                1, "FAILED: heap: crash: the process died in the allocator's hands");
}

TEST(Main, ACrashOfTheAllocatorIsAVerdict) {
  ExpectVerdict(RunStress(absl::StrCat("--scenario=heap --operations=4000 --seed=1 --allocator=",
                                       kFaultyMalloc),
                          "FAULTY_MALLOC=crash"),
                1,
                absl::StrCat("FAILED: heap: crash: the process died in the allocator's hands; "
                             "again with --scenario=heap --allocator=",
                             kFaultyMalloc, " --operations=4000 --seed=1\n"));
}
#endif

}  // namespace
