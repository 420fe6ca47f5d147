#include "stress/replay/replay.h"

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "stress/oracle/alignment_oracle.h"
#include "stress/oracle/pattern_oracle.h"
#include "stress/oracle/service_oracle.h"
#include "stress/replay/tape_subject.h"
#include "stress/run/run_trial.h"
#include "stress/run/trial.h"
#include "stress/subject/planted_subject.h"
#include "stress/subject/subject.h"
#include "stress/trace/string_input.h"
#include "stress/trace/trace.h"

namespace ashlar::stress {
namespace {

using Calls = std::vector<std::string>;

Outcome Perform(const Trace& trace, Order order, std::unique_ptr<Subject> subject,
                Checks checks = Checks::kOn) {
  Replay replay(trace, order);
  absl::StatusOr<Outcome> outcome =
      RunTrial("replay", std::move(subject), {.checks = checks, .most_threads = WorkersFor(trace)},
               nullptr, [&](Trial& trial) { return replay.Drive(trial); });
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return *std::move(outcome);
}

Calls CallsOf(const std::string& text, Order order) {
  Tape tape;
  const Outcome outcome = Perform(TraceOf(text), order, std::make_unique<TapeSubject>(tape));
  EXPECT_TRUE(outcome.passed());
  return tape.Calls();
}

TEST(Replay, EveryVerbBecomesItsCall) {
  EXPECT_EQ(CallsOf("1: malloc 0x10 100\n"
                    "1: calloc 0x20 3 7\n"
                    "1: memalign 0x40 64 5\n"
                    "1: realloc 0x50 0x10 200\n"
                    "1: realloc 0x60 0x0 8\n"
                    "1: realloc 0x0 0x60 0\n"
                    "1: free 0x0\n"
                    "1: free 0x50\n"
                    "1: free 0x20\n"
                    "1: free 0x40\n",
                    Order::kOwn),
            (Calls{"allocate 100", "allocate zeroed 21", "allocate 5 aligned 64",
                   "reallocate 100 to 200", "allocate 8", "free 8", "free nothing", "free 200",
                   "free 21", "free 5", "thread exit", "thread exit"}));
}

TEST(Replay, WhatTheTraceLeavesIsFreedAtTheEnd) {
  EXPECT_EQ(
      CallsOf("1: malloc 0x10 1\n1: malloc 0x20 2\n1: free 0x10\n1: malloc 0x30 3\n", Order::kOwn),
      (Calls{"allocate 1", "allocate 2", "free 1", "allocate 3", "thread exit", "free 2", "free 3",
             "thread exit"}));
}

TEST(Replay, TheTotalOrderIsKeptAcrossThreads) {
  std::string text;
  Calls expected;
  for (int i = 1; i <= 300; ++i) {
    absl::StrAppend(&text, i % 7, ": malloc 0x", absl::Hex(i * 16), " ", i, "\n");
    expected.push_back(absl::StrCat("allocate ", i));
    if (i <= 5) continue;
    absl::StrAppend(&text, i * 3 % 7, ": free 0x", absl::Hex((i - 5) * 16), "\n");
    expected.push_back(absl::StrCat("free ", i - 5));
  }
  const Calls calls = CallsOf(text, Order::kTotal);
  Calls without_exits;
  for (const std::string& call : calls) {
    if (call != "thread exit") without_exits.push_back(call);
  }
  without_exits.resize(expected.size());
  EXPECT_EQ(without_exits, expected);
}

TEST(Replay, EachTracedThreadIsAThreadThatKeepsItsOwnOrder) {
  std::string text;
  for (int i = 1; i <= 200; ++i) {
    absl::StrAppend(&text, i % 5, ": malloc 0x", absl::Hex(i * 16), " ", i, "\n");
  }
  Tape tape;
  EXPECT_TRUE(Perform(TraceOf(text), Order::kOwn, std::make_unique<TapeSubject>(tape)).passed());
  std::map<std::thread::id, Calls> calls;
  for (const Tape::Entry& entry : tape.Entries()) {
    if (entry.call.rfind("allocate", 0) == 0) calls[entry.thread].push_back(entry.call);
  }
  ASSERT_EQ(calls.size(), 5u);
  for (const auto& [thread, own] : calls) {
    ASSERT_EQ(own.size(), 40u);
    const int first = std::stoi(own[0].substr(sizeof "allocate"));
    for (int i = 0; i < 40; ++i) {
      EXPECT_EQ(own[static_cast<std::size_t>(i)], absl::StrCat("allocate ", first + 5 * i));
    }
  }
}

TEST(Replay, ABlockIsEndedOnlyAfterItWasAllocated) {
  // A ring of threads: each frees what its neighbour allocates next, so each waits all the time.
  std::string text;
  constexpr int kThreads = 8;
  for (int i = 0; i < 2000; ++i) {
    absl::StrAppend(&text, i % kThreads, ": malloc 0x", absl::Hex(16 * (i + 1)), " 40\n");
    absl::StrAppend(&text, (i + 1) % kThreads, ": realloc 0x", absl::Hex(16 * (i + 1)), " 0x",
                    absl::Hex(16 * (i + 1)), " 80\n");
    absl::StrAppend(&text, (i + 2) % kThreads, ": free 0x", absl::Hex(16 * (i + 1)), "\n");
  }
  const Outcome outcome =
      Perform(TraceOf(text), Order::kOwn, std::make_unique<PlantedSubject>(PlantedFault::kNone));
  EXPECT_TRUE(outcome.passed());
  EXPECT_EQ(outcome.events, 6000u);
  EXPECT_EQ(outcome.most_threads, 8u);
}

TEST(Replay, ThereAreAsManyThreadsAtOnceAsThereWere) {
  std::string text;
  for (int thread = 1; thread <= 100; ++thread) {
    absl::StrAppend(&text, thread, ": malloc 0x", absl::Hex(16 * thread), " 40\n");
  }
  for (int thread = 1; thread <= 50; ++thread)
    absl::StrAppend(&text, thread, ": thread_done 0x0\n");
  absl::StrAppend(&text, "101: malloc 0x10000 40\n");
  for (const Order order : {Order::kOwn, Order::kTotal}) {
    Tape tape;
    const Outcome outcome = Perform(TraceOf(text), order, std::make_unique<TapeSubject>(tape));
    EXPECT_TRUE(outcome.passed());
    EXPECT_EQ(outcome.most_threads, 100u);
  }
}

TEST(Replay, AThreadThatIsDoneHasEndedBeforeALaterOneStarts) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    absl::StrAppend(&text, "7: malloc 0x10 8\n7: thread_done 0x0\n");
    absl::StrAppend(&text, "7: free 0x10\n7: thread_done 0x0\n");
  }
  for (const Order order : {Order::kOwn, Order::kTotal}) {
    Tape tape;
    const Outcome outcome = Perform(TraceOf(text), order, std::make_unique<TapeSubject>(tape));
    EXPECT_TRUE(outcome.passed());
    EXPECT_EQ(outcome.most_threads, 1u);
    Calls expected;
    for (int i = 0; i < 50; ++i) {
      expected.insert(expected.end(), {"allocate 8", "thread exit", "free 8", "thread exit"});
    }
    expected.push_back("thread exit");  // of the one that frees what is left: nothing
    EXPECT_EQ(tape.Calls(), expected);
  }
}

TEST(Replay, ThreadsWithoutCallsAreNoObstacle) {
  EXPECT_EQ(CallsOf("1: thread_done 0x0\n1: thread_done 0x0\n", Order::kTotal),
            (Calls{"thread exit", "thread exit", "thread exit"}));
}

TEST(Replay, ARequestThatIsNotServedIsAVerdictAndTheReplayGoesOn) {
  std::string text;
  for (int i = 1; i <= 1000; ++i) {
    const std::string name = absl::StrCat("0x", absl::Hex(i * 16));
    absl::StrAppend(&text, "1: malloc ", name, " 8\n2: realloc ", name, " ", name, " 24\n");
    if (i % 2 == 0) absl::StrAppend(&text, "3: free ", name, "\n");
  }
  const Outcome outcome = Perform(TraceOf(text), Order::kOwn,
                                  std::make_unique<PlantedSubject>(PlantedFault::kRefusing));
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].oracle, ServiceOracle::kName);
  EXPECT_GE(outcome.findings[0].times, 1000 / PlantedSubject::kFaultEvery);
}

TEST(Replay, ThreadsThatWaitAreSentHomeWhenTheAllocatorIsCorrupt) {
  std::string text;
  for (int i = 1; i <= 100; ++i) absl::StrAppend(&text, "1: malloc 0x", absl::Hex(i * 16), " 64\n");
  for (int i = 1; i <= 99; ++i) {
    absl::StrAppend(&text, i + 1, ": free 0x", absl::Hex((101 - i) * 16), "\n");
  }
  for (const Order order : {Order::kOwn, Order::kTotal}) {
    const Outcome outcome =
        Perform(TraceOf(text), order, std::make_unique<PlantedSubject>(PlantedFault::kMisaligned));
    ASSERT_FALSE(outcome.passed());
    EXPECT_EQ(outcome.findings[0].oracle, AlignmentOracle::kName);
    EXPECT_LT(outcome.events, 199u);
  }
}

TEST(Replay, AReallocationThatLosesBytesIsFound) {
  std::string text = "1: malloc 0x10 64\n";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&text, "1: realloc 0x10 0x10 ", 64 + i, "\n");
  const Outcome outcome = Perform(TraceOf(text), Order::kOwn,
                                  std::make_unique<PlantedSubject>(PlantedFault::kForgetful));
  ASSERT_FALSE(outcome.passed());
  EXPECT_EQ(outcome.findings[0].oracle, PatternOracle::kName);
}

TEST(Replay, WithoutChecksNoOracleIsAsked) {
  const Outcome outcome =
      Perform(TraceOf("1: malloc 0x10 64\n1: free 0x10\n"), Order::kOwn,
              std::make_unique<PlantedSubject>(PlantedFault::kShort), Checks::kOff);
  EXPECT_TRUE(outcome.passed());
  EXPECT_EQ(outcome.events, 2u);
}

}  // namespace
}  // namespace ashlar::stress
