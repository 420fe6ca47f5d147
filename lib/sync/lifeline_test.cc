#include "ashlar/internal/sync/lifeline.h"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "lib/sync/testing/quiet_flag.h"

namespace ashlar::internal {
namespace {

using Left = Lifeline::Left;
using Visit = Lifeline::Visit;

TEST(Lifeline, RefusesPinsBeforeItIsOpenedAndAfterItsEnd) {
  Lifeline life;
  EXPECT_FALSE(life.TryPin(1));
  const std::uint32_t generation = life.Open();
  EXPECT_FALSE(life.TryPin(generation + 1));
  ASSERT_TRUE(life.TryPin(generation));
  EXPECT_FALSE(life.IsEnding(generation));
  life.DeclareEnd();
  EXPECT_TRUE(life.IsEnding(generation));
  EXPECT_TRUE(life.TryPin(generation)) << "declared is not ended";
  EXPECT_EQ(life.Unpin(), Left::kNothingToDo);
  EXPECT_FALSE(life.TryEnd(generation)) << "somebody is inside";
  static_cast<void>(life.Unpin());
  EXPECT_TRUE(life.TryEnd(generation));
  EXPECT_FALSE(life.TryPin(generation));
  EXPECT_TRUE(life.IsEnding(generation));
  EXPECT_FALSE(life.TryEnd(generation)) << "it ends once";
}

TEST(Lifeline, DoesNotEndUndeclared) {
  Lifeline life;
  const std::uint32_t generation = life.Open();
  EXPECT_FALSE(life.TryEnd(generation));
  ASSERT_TRUE(life.TryPin(generation));
  EXPECT_EQ(life.Unpin(), Left::kNothingToDo);
}

TEST(Lifeline, EachLifeHasAGenerationOfItsOwn) {
  Lifeline life;
  std::uint32_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t generation = life.Open();
    EXPECT_GT(generation, last);
    EXPECT_FALSE(life.TryPin(last));
    ASSERT_TRUE(life.TryPin(generation));
    life.DeclareEnd();
    EXPECT_EQ(life.Unpin(), Left::kLast);
    ASSERT_TRUE(life.TryEnd(generation));
    last = generation;
  }
}

TEST(Lifeline, WhoLeavesLastLooksAgainIfOthersLeftWhileItWasInside) {
  Lifeline life;
  const std::uint32_t generation = life.Open();
  ASSERT_TRUE(life.TryPin(generation));
  ASSERT_TRUE(life.TryPin(generation));
  life.DeclareEnd();
  EXPECT_EQ(life.Unpin(), Left::kNothingToDo);
  EXPECT_EQ(life.Unpin(), Left::kLookAgain);
  ASSERT_TRUE(life.TryPin(generation));
  EXPECT_EQ(life.Unpin(), Left::kLast) << "nobody came or went since";
}

TEST(Lifeline, RefusesVisitsFromTheDeclarationOn) {
  Lifeline life;
  EXPECT_EQ(life.TryVisit(1), Visit::kEnded);
  const std::uint32_t generation = life.Open();
  ASSERT_EQ(life.TryVisit(generation), Visit::kInside);
  ASSERT_TRUE(life.TryPin(generation));
  EXPECT_TRUE(life.HasVisitors());
  life.DeclareEnd();
  EXPECT_EQ(life.TryVisit(generation), Visit::kEnding);
  EXPECT_TRUE(life.HasVisitors()) << "one came before";
  life.Depart();
  EXPECT_FALSE(life.HasVisitors());
  EXPECT_EQ(life.Unpin(), Left::kLast) << "who departs is nobody to look for";
  ASSERT_TRUE(life.TryEnd(generation));
  EXPECT_EQ(life.TryVisit(generation), Visit::kEnded);
}

TEST(Lifeline, DoesNotEndWhileAVisitorIsInside) {
  Lifeline life;
  const std::uint32_t generation = life.Open();
  ASSERT_EQ(life.TryVisit(generation), Visit::kInside);
  life.DeclareEnd();
  EXPECT_FALSE(life.TryEnd(generation));
  life.Depart();
  EXPECT_TRUE(life.TryEnd(generation));
}

TEST(Lifeline, CountsAsManyVisitorsAsFitAndRefusesMore) {
  Lifeline life;
  const std::uint32_t generation = life.Open();
  std::uint64_t inside = 0;
  while (life.TryVisit(generation) == Visit::kInside) ++inside;
  EXPECT_EQ(inside, Lifeline::kMostVisitors);
  EXPECT_EQ(life.TryVisit(generation), Visit::kFull);
  ASSERT_TRUE(life.TryPin(generation)) << "pins have a place of their own";
  EXPECT_EQ(life.Unpin(), Left::kNothingToDo);
  life.Depart();
  EXPECT_EQ(life.TryVisit(generation), Visit::kInside);
  for (; inside > 0; --inside) life.Depart();
  EXPECT_FALSE(life.HasVisitors());
}

TEST(Lifeline, ForgetsWhoWasInsideWhenAForkLeftThemBehind) {
  Lifeline life;
  const std::uint32_t generation = life.Open();
  ASSERT_TRUE(life.TryPin(generation));
  ASSERT_EQ(life.TryVisit(generation), Visit::kInside);
  life.DeclareEnd();
  life.DropPins();
  EXPECT_FALSE(life.HasVisitors());
  EXPECT_TRUE(life.IsEnding(generation));
  EXPECT_TRUE(life.TryEnd(generation));
}

// What the threads do while they are inside is plain, for the race detector.
struct LifeAndWork {
  Lifeline life;
  std::uint32_t generation = 0;
  int work = 0;
};

TEST(Lifeline, WhatTheOpenerPreparedIsVisibleToWhoPins) {
  const auto shared = std::make_unique<LifeAndWork>();
  std::thread opener([&] {
    shared->work = 1;
    EXPECT_EQ(shared->life.Open(), 1u);
  });
  std::thread pinner([&] {
    while (!shared->life.TryPin(1)) {
    }
    EXPECT_EQ(shared->work, 1);
    static_cast<void>(shared->life.Unpin());
  });
  opener.join();
  pinner.join();
}

TEST(Lifeline, WhatTheOpenerPreparedIsVisibleToWhoVisits) {
  const auto shared = std::make_unique<LifeAndWork>();
  std::thread opener([&] {
    shared->work = 1;
    EXPECT_EQ(shared->life.Open(), 1u);
  });
  std::thread visitor([&] {
    while (shared->life.TryVisit(1) != Visit::kInside) {
    }
    EXPECT_EQ(shared->work, 1);
    shared->life.Depart();
  });
  opener.join();
  visitor.join();
}

TEST(Lifeline, WhatWasDoneUnderAPinHappensBeforeTheEnd) {
  const auto shared = std::make_unique<LifeAndWork>();
  shared->generation = shared->life.Open();
  QuietFlag pinned;
  QuietFlag declared;
  std::thread worker([&] {
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    pinned.Raise();
    declared.Await();
    shared->work = 1;
    static_cast<void>(shared->life.Unpin());
  });
  std::thread ender([&] {
    pinned.Await();
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    shared->life.DeclareEnd();
    EXPECT_EQ(shared->life.Unpin(), Left::kNothingToDo);
    declared.Raise();
    while (!shared->life.TryEnd(shared->generation)) {
    }
    EXPECT_EQ(shared->work, 1);
    shared->work = 2;
  });
  worker.join();
  ender.join();
}

TEST(Lifeline, WhatAVisitorDidHappensBeforeTheEnd) {
  const auto shared = std::make_unique<LifeAndWork>();
  shared->generation = shared->life.Open();
  QuietFlag visited;
  QuietFlag declared;
  std::thread visitor([&] {
    ASSERT_EQ(shared->life.TryVisit(shared->generation), Visit::kInside);
    visited.Raise();
    declared.Await();
    shared->work = 1;
    shared->life.Depart();
  });
  std::thread ender([&] {
    visited.Await();
    shared->life.DeclareEnd();
    declared.Raise();
    while (!shared->life.TryEnd(shared->generation)) {
    }
    EXPECT_EQ(shared->work, 1);
    shared->work = 2;
  });
  visitor.join();
  ender.join();
}

TEST(Lifeline, WhoWaitedForVisitorsSeesWhatTheyDid) {
  const auto shared = std::make_unique<LifeAndWork>();
  shared->generation = shared->life.Open();
  QuietFlag visited;
  QuietFlag declared;
  std::thread visitor([&] {
    ASSERT_EQ(shared->life.TryVisit(shared->generation), Visit::kInside);
    visited.Raise();
    declared.Await();
    shared->work = 1;
    shared->life.Depart();
  });
  std::thread declarer([&] {
    visited.Await();
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    shared->life.DeclareEnd();
    declared.Raise();
    while (shared->life.HasVisitors()) {
    }
    EXPECT_EQ(shared->work, 1);
    EXPECT_EQ(shared->life.Unpin(), Left::kLast);
  });
  visitor.join();
  declarer.join();
}

TEST(Lifeline, WhoDeclaresTheEndSeesWhatThoseDidWhoLeftBefore) {
  const auto shared = std::make_unique<LifeAndWork>();
  shared->generation = shared->life.Open();
  QuietFlag pinned;
  QuietFlag left;
  std::thread worker([&] {
    pinned.Await();
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    shared->work = 1;
    EXPECT_EQ(shared->life.Unpin(), Left::kNothingToDo);
    left.Raise();
  });
  std::thread declarer([&] {
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    pinned.Raise();
    left.Await();
    shared->life.DeclareEnd();
    EXPECT_EQ(shared->work, 1);
    EXPECT_EQ(shared->life.Unpin(), Left::kLast) << "its own look was good enough";
  });
  worker.join();
  declarer.join();
}

TEST(Lifeline, WhoPinsToLookAgainSeesWhatThoseDidWhoLeft) {
  const auto shared = std::make_unique<LifeAndWork>();
  shared->generation = shared->life.Open();
  QuietFlag pinned;
  QuietFlag left;
  std::thread worker([&] {
    pinned.Await();
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    shared->work = 1;
    EXPECT_EQ(shared->life.Unpin(), Left::kNothingToDo);
    left.Raise();
  });
  std::thread last([&] {
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    shared->life.DeclareEnd();
    pinned.Raise();
    left.Await();
    EXPECT_EQ(shared->life.Unpin(), Left::kLookAgain);
    ASSERT_TRUE(shared->life.TryPin(shared->generation));
    EXPECT_EQ(shared->work, 1);
    EXPECT_EQ(shared->life.Unpin(), Left::kLast);
  });
  worker.join();
  last.join();
}

TEST(Lifeline, OneOfManyEndsALife) {
  constexpr int kThreads = 4;
  constexpr int kLives = 200;
  const auto shared = std::make_unique<LifeAndWork>();
  for (int life = 0; life < kLives; ++life) {
    shared->generation = shared->life.Open();
    shared->work = 0;
    std::vector<std::thread> threads;
    for (int id = 0; id < kThreads; ++id) {
      threads.emplace_back([&shared, id] {
        const std::uint32_t generation = shared->generation;
        if (!shared->life.TryPin(generation)) return;
        if (id % 2 == 0) shared->life.DeclareEnd();
        Left left;
        while ((left = shared->life.Unpin()) == Left::kLookAgain) {
          if (!shared->life.TryPin(generation)) return;
        }
        if (left == Left::kLast && shared->life.TryEnd(generation)) ++shared->work;
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(shared->work, 1);
  }
}

}  // namespace
}  // namespace ashlar::internal
