#include "ashlar/internal/sync/magazine.h"

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

// Magazine 0 is at the base and is never used: index 0 means none. The slots are plain, for the
// race detector.
class MagazineStackTest : public ::testing::Test {
 protected:
  static constexpr unsigned kMagazines = 20;

  std::uintptr_t base() const { return AddressOf(magazines_.get()); }
  Magazine* magazine(unsigned i) { return &magazines_[i]; }
  unsigned IndexOf(const Magazine* magazine) const {
    return static_cast<unsigned>(magazine - magazines_.get());
  }

  std::unique_ptr<Magazine[]> magazines_ = std::make_unique<Magazine[]>(kMagazines + 1);
  MagazineStack stack_;
};

TEST(Magazine, TopTellsTheCountAndTheMagazine) {
  const auto magazine = std::make_unique<Magazine>();
  for (unsigned count = 0; count <= kMagazineSlots; ++count) {
    const std::uintptr_t top = magazine->TopFor(count);
    EXPECT_EQ(Magazine::CountAt(top), count);
    EXPECT_EQ(Magazine::At(top), magazine.get());
  }
  EXPECT_EQ(magazine->TopFor(1), AddressOf(&magazine->slots[0]));
  EXPECT_EQ(Magazine::CountAt(0), 0u);
}

TEST_F(MagazineStackTest, IsEmptyAtFirst) {
  unsigned count;
  EXPECT_TRUE(stack_.IsEmpty());
  EXPECT_EQ(stack_.Pop(base(), &count), nullptr);
  EXPECT_EQ(stack_.TotalSlots(base()), 0u);
}

TEST_F(MagazineStackTest, TheLastPushedComesFirstWithItsCount) {
  for (unsigned i = 1; i <= kMagazines; ++i) {
    stack_.Push(base(), magazine(i), i);
    EXPECT_EQ(stack_.TotalSlots(base()), i * (i + 1) / 2);
  }
  for (unsigned i = kMagazines; i > 0; --i) {
    unsigned count = 0;
    EXPECT_EQ(stack_.Pop(base(), &count), magazine(i));
    EXPECT_EQ(count, i);
    EXPECT_EQ(stack_.TotalSlots(base()), i * (i - 1) / 2);
  }
  EXPECT_TRUE(stack_.IsEmpty());
}

TEST_F(MagazineStackTest, AnEmptyStackHasNoTotalWhateverLiesAtTheBase) {
  magazine(0)->link.store(~std::uint64_t{0}, std::memory_order_relaxed);
  magazine(1)->link.store(~std::uint64_t{0}, std::memory_order_relaxed);
  stack_.Push(base(), magazine(1), 3);
  EXPECT_EQ(stack_.TotalSlots(base()), 3u);
}

TEST_F(MagazineStackTest, AFullStackOfFullMagazinesKeepsItsTotal) {
  for (unsigned i = 1; i <= kMagazines; ++i) stack_.Push(base(), magazine(i), kMagazineSlots);
  EXPECT_EQ(stack_.TotalSlots(base()), kMagazines * kMagazineSlots);
}

TEST_F(MagazineStackTest, TheSlotsOfAPushedMagazineAreVisibleToWhoPopsIt) {
  std::thread pusher([&] {
    magazine(1)->slots[0] = this;
    stack_.Push(base(), magazine(1), 1);
  });
  std::thread popper([&] {
    unsigned count;
    Magazine* popped;
    while ((popped = stack_.Pop(base(), &count)) == nullptr) {
    }
    EXPECT_EQ(popped->slots[0], this);
    popped->slots[0] = nullptr;
  });
  pusher.join();
  popper.join();
}

// Each thread pops a few, marks their slots, and pushes them back in another order.
TEST_F(MagazineStackTest, NoMagazineIsLostOrDoubledAndTheTotalIsExactAfterAll) {
  constexpr unsigned kThreads = 4;
  constexpr int kRounds = 50000;
  unsigned total = 0;
  for (unsigned i = 1; i <= kMagazines; ++i) {
    magazine(i)->slots[0] = nullptr;
    stack_.Push(base(), magazine(i), i);
    total += i;
  }
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < kThreads; ++id) {
    threads.emplace_back([this, &start, id] {
      start.arrive_and_wait();
      std::minstd_rand random(id + 1);
      for (int round = 0; round < kRounds; ++round) {
        Magazine* mine[3];
        unsigned counts[3];
        unsigned have = 0;
        const auto want = static_cast<unsigned>(1 + random() % 3);
        while (have < want && (mine[have] = stack_.Pop(base(), &counts[have])) != nullptr) {
          ASSERT_EQ(counts[have], IndexOf(mine[have])) << "a magazine has the count it came with";
          ASSERT_EQ(mine[have]->slots[0], nullptr) << "two threads have the magazine";
          mine[have]->slots[0] = &mine;
          ++have;
        }
        for (unsigned i = 0; i < have; ++i) {
          mine[i]->slots[0] = nullptr;
          stack_.Push(base(), mine[i], counts[i]);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stack_.TotalSlots(base()), total);
  std::vector<bool> seen(kMagazines + 1);
  unsigned count;
  while (Magazine* popped = stack_.Pop(base(), &count)) {
    total -= count;
    EXPECT_EQ(stack_.TotalSlots(base()), total);
    EXPECT_FALSE(seen[IndexOf(popped)]);
    seen[IndexOf(popped)] = true;
  }
  EXPECT_EQ(total, 0u);
}

TEST_F(MagazineStackTest, MagazinesGoFromOneStackToAnother) {
  constexpr int kRounds = 20000;
  MagazineStack other;
  for (unsigned i = 1; i <= kMagazines; ++i) stack_.Push(base(), magazine(i), i);
  const auto carry = [&](MagazineStack& from, MagazineStack& to) {
    unsigned count;
    for (int round = 0; round < kRounds; ++round) {
      if (Magazine* popped = from.Pop(base(), &count)) to.Push(base(), popped, count);
    }
  };
  std::thread there([&] { carry(stack_, other); });
  std::thread back([&] { carry(other, stack_); });
  there.join();
  back.join();
  EXPECT_EQ(stack_.TotalSlots(base()) + other.TotalSlots(base()),
            kMagazines * (kMagazines + 1) / 2);
}

}  // namespace
}  // namespace ashlar::internal
