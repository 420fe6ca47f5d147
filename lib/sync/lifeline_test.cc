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

// What the threads do under their pins is plain, for the race detector.
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
