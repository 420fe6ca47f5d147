#include "stress/linearizability/checker.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "stress/linearizability/history.h"
#include "stress/linearizability/operation.h"
#include "stress/linearizability/picture.h"
#include "stress/linearizability/specification.h"
#include "stress/linearizability/specifications.h"

namespace ashlar::linearizability {
namespace {

using Lanes = std::vector<std::vector<Operation>>;

History Make(const Lanes& lanes) {
  History history(lanes.size(), 16);
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    for (const Operation& operation : lanes[lane]) history.Add(lane, operation);
  }
  return history;
}

// A call from `invoked` to `responded`, with its result.
Operation At(Time invoked, Time responded, Call call, Value result = kNone) {
  return {call, result, invoked, responded};
}
Operation Pending(Time invoked, Call call) { return {call, kNone, invoked, kNever}; }

bool IsLinearizable(const Lanes& lanes, const Specification& specification) {
  return Check(Make(lanes), specification) == Answer::kYes;
}

bool IsSequentiallyConsistent(const Lanes& lanes, const Specification& specification) {
  return Check(Make(lanes), specification, {.precedence = Precedence::kProgramOrder}) ==
         Answer::kYes;
}

TEST(Checker, NothingHappenedIsLinearizable) {
  EXPECT_TRUE(IsLinearizable({}, Stack()));
  EXPECT_TRUE(IsLinearizable({{}, {}}, Register()));
}

TEST(Checker, CallsOneAfterTheOtherAreMeasuredInTheirOrder) {
  EXPECT_TRUE(IsLinearizable({{At(1, 2, Stack::Push(1)), At(5, 6, Stack::Pop(), 2)},
                              {At(3, 4, Stack::Push(2)), At(7, 8, Stack::Pop(), 1)}},
                             Stack()));
  EXPECT_FALSE(IsLinearizable({{At(1, 2, Stack::Push(1)), At(5, 6, Stack::Pop(), 1)},
                               {At(3, 4, Stack::Push(2)), At(7, 8, Stack::Pop(), 2)}},
                              Stack()));
}

TEST(Checker, CallsAtTheSameTimeMayTakeEffectInEitherOrder) {
  for (Value first : {1, 2}) {
    EXPECT_TRUE(IsLinearizable({{At(1, 9, Queue::Push(1)), At(20, 21, Queue::Pop(), first)},
                                {At(2, 8, Queue::Push(2)), At(22, 23, Queue::Pop(), 3 - first)}},
                               Queue()));
  }
}

// Herlihy and Wing, "Linearizability", figure 1.
TEST(Checker, AQueueThatHandsOutTheYoungerElementFirstIsNone) {
  EXPECT_FALSE(IsLinearizable(
      {{At(1, 2, Queue::Push(1)), At(5, 6, Queue::Pop(), 2)}, {At(3, 4, Queue::Push(2))}},
      Queue()));
}

TEST(Checker, AnElementIsTakenOnce) {
  EXPECT_FALSE(IsLinearizable(
      {{At(1, 2, Queue::Push(1)), At(3, 9, Queue::Pop(), 1)}, {At(4, 8, Queue::Pop(), 1)}},
      Queue()));
}

TEST(Checker, WhatWasPutInIsNotMissedLater) {
  const Lanes late = {{At(1, 2, Stack::Push(1))}, {At(3, 4, Stack::Pop(), kNone)}};
  const Lanes meanwhile = {{At(1, 4, Stack::Push(1))}, {At(3, 5, Stack::Pop(), kNone)}};
  EXPECT_FALSE(IsLinearizable(late, Stack()));
  EXPECT_TRUE(IsLinearizable(meanwhile, Stack()));
}

TEST(Checker, InProgramOrderAnotherLanesPastMayStillCome) {
  const Lanes late = {{At(1, 2, Stack::Push(1))}, {At(3, 4, Stack::Pop(), kNone)}};
  EXPECT_TRUE(IsSequentiallyConsistent(late, Stack()));
  // One's own may not.
  EXPECT_FALSE(IsSequentiallyConsistent(
      {{At(1, 2, Stack::Push(1)), At(3, 4, Stack::Pop(), kNone)}, {}}, Stack()));
}

TEST(Checker, TwoReadersAgreeOnTheOrderOfWrites) {
  const Lanes disagree = {{At(1, 9, Register::Write(1))},
                          {At(1, 9, Register::Write(2))},
                          {At(1, 2, Register::Read(), 1), At(3, 4, Register::Read(), 2)},
                          {At(1, 2, Register::Read(), 2), At(3, 4, Register::Read(), 1)}};
  EXPECT_FALSE(IsLinearizable(disagree, Register()));
  EXPECT_FALSE(IsSequentiallyConsistent(disagree, Register()));
}

TEST(Checker, EqualTimesAreConcurrent) {
  EXPECT_TRUE(IsLinearizable({{At(1, 2, Register::Write(1))}, {At(2, 3, Register::Read(), 0)}},
                             Register()));
}

TEST(Checker, APendingCallTookEffectOrNot) {
  for (Value seen : {0, 1}) {
    EXPECT_TRUE(IsLinearizable(
        {{Pending(1, Register::Write(1))}, {At(2, 3, Register::Read(), seen)}}, Register()));
  }
  // It may even take effect between two calls, but not be undone, nor come before its beginning.
  EXPECT_FALSE(IsLinearizable({{Pending(1, Register::Write(1))},
                               {At(2, 3, Register::Read(), 1), At(4, 5, Register::Read(), 0)}},
                              Register()));
  EXPECT_FALSE(IsLinearizable({{Pending(4, Register::Write(1))}, {At(2, 3, Register::Read(), 1)}},
                              Register()));
}

TEST(Checker, APendingPopMayHaveTakenTheElement) {
  EXPECT_TRUE(IsLinearizable(
      {{At(1, 2, Stack::Push(1)), At(5, 6, Stack::Pop(), kNone)}, {Pending(3, Stack::Pop())}},
      Stack()));
}

TEST(Checker, AFailedCompareExchangeNeedsAReason) {
  EXPECT_TRUE(IsLinearizable({{At(1, 4, Register::CompareExchange(0, 1), 1)},
                              {At(2, 3, Register::CompareExchange(0, 2), 0)}},
                             Register()));
  EXPECT_FALSE(IsLinearizable({{At(1, 4, Register::CompareExchange(0, 1), 0)},
                               {At(2, 3, Register::CompareExchange(0, 2), 0)}},
                              Register()));
}

TEST(Checker, TheLimitLeavesAHistoryUndecided) {
  // Writes at the same time, none of which wrote what is read in the end.
  Lanes lanes(8);
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    lanes[lane] = {At(1, 100, Register::Write(static_cast<Value>(lane + 1)))};
  }
  lanes.push_back({At(101, 102, Register::Read(), 77)});
  const History history = Make(lanes);
  EXPECT_EQ(Check(history, Register(), {.max_configurations = 100}), Answer::kUndecided);
  EXPECT_EQ(Check(history, Register()), Answer::kNo);
}

TEST(Checker, ManyCallsAtOnceAreDecidedThanksToTheMemoryOfConfigurations) {
  // 25! / (5!)^5 orders, some 6e14.
  Lanes lanes(5);
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    for (Time i = 0; i < 5; ++i) lanes[lane].push_back(At(1, 1, Register::Write(1)));
  }
  lanes.push_back({At(2, 3, Register::Read(), 2)});
  EXPECT_EQ(Check(Make(lanes), Register()), Answer::kNo);
}

TEST(Checker, ThePictureShowsLanesAndTheLongestSequenceThatFits) {
  const History history = Make({{At(1, 3, Stack::Push(1)), At(6, 7, Stack::Pop(), 1)},
                                {At(2, 4, Stack::Pop(), 1), Pending(5, Stack::Push(2))}});
  EXPECT_EQ(Explain(history, Stack()),
            "not linearizable as a stack:\n"
            "  lane 0   lane 1\n"
            "  Push(1)\n"
            "  |        Pop()\n"
            "  #1       |\n"
            "           = 1 #2\n"
            "           Push(2)\n"
            "  Pop()    |\n"
            "  = 1 ?    |\n"
            "           ... #3\n"
            "  the longest sequence that fits: #1 Push(1), #2 Pop() = 1, #3 Push(2) ...;"
            " the object then holds: 2\n");
}

TEST(Checker, APictureSaysWhatWasAskedAndIsEmptyWhereTheAnswerIsYes) {
  EXPECT_EQ(Explain(Make({{At(1, 2, Stack::Pop(), 1)}}), Stack(),
                    {.precedence = Precedence::kProgramOrder}),
            "not sequentially consistent as a stack:\n"
            "  lane 0\n"
            "  Pop()\n"
            "  = 1 ?\n"
            "  the longest sequence that fits: none; the object then holds: nothing\n");
  EXPECT_EQ(Explain(Make({{At(1, 2, Stack::Pop(), kNone)}}), Stack()), "");
}

// --- Against brute force. ---

// One call among all, and its lane.
struct Flat {
  Operation operation;
  std::size_t lane;
  std::size_t index;
};

// Whether `before` must stand in front of `after`.
bool Precedes(const Flat& before, const Flat& after, Precedence precedence) {
  if (before.lane == after.lane) return before.index < after.index;
  return precedence == Precedence::kRealTime &&
         before.operation.responded < after.operation.invoked;
}

bool Fits(const std::vector<Flat>& order, const Specification& specification,
          Precedence precedence) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      if (Precedes(order[j], order[i], precedence)) return false;
    }
  }
  State state;
  specification.Begin(&state);
  return std::all_of(order.begin(), order.end(),
                     [&](const Flat& flat) { return specification.Apply(flat.operation, &state); });
}

// All orders of all calls, with each set of the pending ones.
bool BruteForce(const Lanes& lanes, const Specification& specification, Precedence precedence) {
  std::vector<Flat> complete;
  std::vector<Flat> pending;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    for (std::size_t i = 0; i < lanes[lane].size(); ++i) {
      (lanes[lane][i].IsComplete() ? complete : pending).push_back({lanes[lane][i], lane, i});
    }
  }
  for (std::size_t set = 0; set < std::size_t{1} << pending.size(); ++set) {
    std::vector<Flat> chosen = complete;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if ((set >> i & 1) != 0) chosen.push_back(pending[i]);
    }
    std::vector<std::size_t> order(chosen.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
      std::vector<Flat> ordered;
      for (std::size_t i : order) ordered.push_back(chosen[i]);
      if (Fits(ordered, specification, precedence)) return true;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return false;
}

// A history of at most six calls in up to three lanes. Results are those of an object that each
// call uses at some moment while it is open; and then, mostly, one of them is made wrong.
class RandomHistory {
 public:
  RandomHistory(const Specification& specification, std::vector<Call> calls, unsigned seed)
      : specification_(specification), calls_(std::move(calls)), random_(seed) {
    specification_.Begin(&state_);
  }

  Lanes Make() {
    Lanes lanes(1 + Below(3));
    std::vector<std::optional<Operation>> open(lanes.size());
    std::vector<bool> is_done(lanes.size());
    std::size_t left = 6;
    for (Time now = 1; now < 40; now += static_cast<Time>(Below(2))) {
      const std::size_t lane = Below(lanes.size());
      if (!open[lane].has_value()) {
        if (left == 0) continue;
        --left;
        open[lane] = {calls_[Below(calls_.size())], kNone, now, kNever};
        is_done[lane] = false;
      } else if (!is_done[lane]) {
        Use(&*open[lane]);
        is_done[lane] = true;
      } else {
        open[lane]->responded = now;
        lanes[lane].push_back(*open[lane]);
        open[lane].reset();
      }
    }
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      if (open[lane].has_value()) lanes[lane].push_back(*open[lane]);  // never returned
    }
    std::vector<Operation>& spoilt = lanes[Below(lanes.size())];
    if (Below(4) != 0 && !spoilt.empty()) {
      Operation& operation = spoilt[Below(spoilt.size())];
      operation.result = kResults[Below(std::size(kResults))];
    }
    return lanes;
  }

 private:
  static constexpr Value kResults[] = {kNone, 0, 1, 2};

  std::size_t Below(std::size_t n) { return random_() % n; }

  // The object answers.
  void Use(Operation* operation) {
    for (Value result : kResults) {
      State after = state_;
      if (!specification_.Apply({operation->call, result, 0, 1}, &after)) continue;
      operation->result = result;
      state_ = after;
      return;
    }
  }

  const Specification& specification_;
  std::vector<Call> calls_;
  std::minstd_rand random_;
  State state_;
};

struct Object {
  const char* name;
  const Specification& specification;
  std::vector<Call> calls;
};

const Stack kStack;
const Stack kSmallStack(1);
const Queue kQueue;
const Map kMap;
const Register kRegister;

class CheckerProperty : public ::testing::TestWithParam<Object> {};

TEST_P(CheckerProperty, AgreesWithBruteForce) {
  const Object& object = GetParam();
  for (Precedence precedence : {Precedence::kRealTime, Precedence::kProgramOrder}) {
    std::size_t yes = 0;
    std::size_t no = 0;
    for (unsigned seed = 1; seed <= 400; ++seed) {
      const Lanes lanes = RandomHistory(object.specification, object.calls, seed).Make();
      const History history = Make(lanes);
      const Answer answer = Check(history, object.specification, {.precedence = precedence});
      const bool expected = BruteForce(lanes, object.specification, precedence);
      ASSERT_EQ(answer, expected ? Answer::kYes : Answer::kNo)
          << "seed " << seed << "\n"
          << DrawHistory(history, object.specification, {});
      ++(expected ? yes : no);
    }
    // Both happen often, else this says little.
    EXPECT_GT(yes, 50U);
    EXPECT_GT(no, 50U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Objects, CheckerProperty,
    ::testing::Values(
        Object{"Stack", kStack, {Stack::Push(1), Stack::Push(2), Stack::Pop()}},
        Object{"SmallStack", kSmallStack, {Stack::Push(1), Stack::Push(2), Stack::Pop()}},
        Object{"Queue", kQueue, {Queue::Push(1), Queue::Push(2), Queue::Pop()}},
        Object{"Map", kMap, {Map::Put(5, 1), Map::Put(5, 2), Map::Get(5), Map::Erase(5)}},
        Object{"Register",
               kRegister,
               {Register::Write(1), Register::Write(2), Register::Read(),
                Register::CompareExchange(1, 2), Register::CompareExchange(0, 1)}}),
    [](const auto& object) { return std::string(object.param.name); });

}  // namespace
}  // namespace ashlar::linearizability
