#include "ashlar/internal/sync/slab_state.h"

#include <cstdint>
#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

template <typename Model>
class SlabStateOfEitherModel : public ::testing::Test {
 protected:
  SlabState<Model> state_;
};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(SlabStateOfEitherModel, Models);

TYPED_TEST(SlabStateOfEitherModel, IsNobodysAtFirst) {
  EXPECT_EQ(this->state_.owner(), 0u);
  EXPECT_FALSE(this->state_.TryRetain(7, 1));
  EXPECT_FALSE(this->state_.TryRetire(7));
}

TYPED_TEST(SlabStateOfEitherModel, IsHeldForItsOwnerAlone) {
  this->state_.Publish(7, 3);
  EXPECT_EQ(this->state_.owner(), 7u);
  EXPECT_FALSE(this->state_.TryRetain(8, 1));
  ASSERT_TRUE(this->state_.TryRetain(7, 5));
  EXPECT_EQ(this->state_.count(), 8u);
  EXPECT_EQ(this->state_.Release(4), 4u);
  EXPECT_EQ(this->state_.Release(3), 1u);
}

TYPED_TEST(SlabStateOfEitherModel, IsRetiredOnceNobodyHoldsIt) {
  this->state_.Publish(7, 2);
  EXPECT_FALSE(this->state_.TryRetire(7));
  EXPECT_EQ(this->state_.Release(1), 1u);
  EXPECT_FALSE(this->state_.TryRetire(8));
  EXPECT_TRUE(this->state_.TryRetire(7));
  EXPECT_EQ(this->state_.owner(), 0u);
  EXPECT_FALSE(this->state_.TryRetire(7));
  EXPECT_FALSE(this->state_.TryRetain(7, 1));
}

TYPED_TEST(SlabStateOfEitherModel, TheLargestOwnerAndManyHoldsDoNotMeet) {
  constexpr std::uint64_t kOwner = SlabState<TypeParam>::kMaxOwner;
  this->state_.Publish(kOwner, 1);
  ASSERT_TRUE(this->state_.TryRetain(kOwner, (1 << 24) - 2));
  EXPECT_EQ(this->state_.owner(), kOwner);
  EXPECT_EQ(this->state_.count(), (1u << 24) - 1);
}

TYPED_TEST(SlabStateOfEitherModel, AnAbandonedSlabIsNobodysWhateverWasOut) {
  this->state_.Publish(7, 9);
  this->state_.Abandon();
  EXPECT_EQ(this->state_.owner(), 0u);
}

// The slab's bytes are plain, for the race detector.
struct Slab {
  SlabState<Concurrent> state;
  int bytes = 0;
};

TEST(SlabState, WhatItsMakerWroteIsVisibleToWhoRetains) {
  const auto slab = std::make_unique<Slab>();
  std::thread maker([&] {
    slab->bytes = 1;
    slab->state.Publish(7, 1);
  });
  std::thread taker([&] {
    while (!slab->state.TryRetain(7, 1)) {
    }
    EXPECT_EQ(slab->bytes, 1);
  });
  maker.join();
  taker.join();
}

TEST(SlabState, WhatItsHoldersDidHappensBeforeItsMemoryIsUsedAgain) {
  const auto slab = std::make_unique<Slab>();
  slab->state.Publish(7, 2);
  std::thread holder([&] {
    slab->bytes = 1;
    EXPECT_EQ(slab->state.Release(1), 1u);
  });
  std::thread retirer([&] {
    while (!slab->state.TryRetire(7)) {
    }
    slab->bytes = 2;
  });
  holder.join();
  retirer.join();
}

TEST(SlabState, IsRetiredAndMadeAgainWhileOthersTryToHoldIt) {
  constexpr int kRounds = 20000;
  const auto slab = std::make_unique<Slab>();
  slab->state.Publish(7, 1);
  std::thread owner([&] {
    for (int round = 0; round < kRounds; ++round) {
      if (!slab->state.TryRetire(7)) continue;
      slab->bytes = 1;
      slab->bytes = 0;
      slab->state.Publish(7, 1);
    }
  });
  const auto hold = [&] {
    for (int round = 0; round < kRounds; ++round) {
      if (!slab->state.TryRetain(7, 2)) continue;
      EXPECT_EQ(slab->bytes, 0);
      EXPECT_GE(slab->state.Release(2), 1u);
    }
  };
  std::thread first(hold);
  std::thread second(hold);
  owner.join();
  first.join();
  second.join();
  EXPECT_EQ(slab->state.count(), 1u);
}

}  // namespace
}  // namespace ashlar::internal
