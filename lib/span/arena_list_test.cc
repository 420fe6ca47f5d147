#include "ashlar/internal/span/arena_list.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/memory_source.h"
#include "ashlar/threading_model.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

// Keeps the books: what was asked for, and what is out.
class BookkeepingSource {
 public:
  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    asked.push_back(size_bytes);
    if (refuse) return {};
    void* start = std::malloc(size_bytes);
    out.push_back({start, size_bytes});
    return out.back();
  }
  void Release(MemoryBlock block) noexcept {
    const auto mine = std::find_if(out.begin(), out.end(), [&](const MemoryBlock& other) {
      return other.start == block.start && other.size_bytes == block.size_bytes;
    });
    if (mine == out.end()) {
      ++strangers;
      return;
    }
    out.erase(mine);
    std::free(block.start);
  }

  std::vector<std::size_t> asked;
  std::vector<MemoryBlock> out;
  int strangers = 0;
  bool refuse = false;
};

template <typename Model>
class ArenaListOfEitherModel : public ::testing::Test {
 protected:
  void* TakeBlock(std::size_t size_bytes, std::size_t alignment = 1) {
    typename ArenaList<Model>::Run run;
    list_.Serve(size_bytes, alignment, [&] {
      run = list_.TakeLocked(Arena::Part::kBlocks, size_bytes, alignment);
      return run.arena != nullptr;
    });
    return PointerTo(run.start);
  }
  void GiveBlock(void* block) {
    const LockGuard<Model> guard(list_.lock());
    list_.GiveLocked(*list_.Find(AddressOf(block)), Arena::Part::kBlocks, AddressOf(block));
  }

  std::unique_ptr<unsigned char[]> bytes_ = std::make_unique<unsigned char[]>(4 * kMiB);
  ArenaList<Model> list_;
};
using Models = ::testing::Types<Concurrent, SingleThreaded>;
TYPED_TEST_SUITE(ArenaListOfEitherModel, Models);

TYPED_TEST(ArenaListOfEitherModel, AnEmptyListHasNothingToGive) {
  EXPECT_EQ(this->TakeBlock(1), nullptr);
  EXPECT_EQ(this->list_.TakeTable(1), nullptr);
  EXPECT_EQ(this->list_.Find(AddressOf(this->bytes_.get())), nullptr);
  EXPECT_EQ(this->list_.total_bytes(), 0u);
}

TYPED_TEST(ArenaListOfEitherModel, BytesThatWereAddedBeforeAreRefused) {
  unsigned char* start = this->bytes_.get() + kMiB;
  ASSERT_EQ(this->list_.Add(start, 256 * kKiB), AddStatus::kAdded);
  const std::size_t total = this->list_.total_bytes();
  EXPECT_EQ(this->list_.Add(start, 256 * kKiB), AddStatus::kOverlaps);
  EXPECT_EQ(this->list_.Add(start - 200 * kKiB, 200 * kKiB + 1), AddStatus::kOverlaps);
  EXPECT_EQ(this->list_.Add(start + 256 * kKiB - 1, 256 * kKiB), AddStatus::kOverlaps);
  EXPECT_EQ(this->list_.Add(start - kMiB, 3 * kMiB), AddStatus::kOverlaps);
  EXPECT_EQ(this->list_.Add(start + 100, 100), AddStatus::kOverlaps);
  EXPECT_EQ(this->list_.total_bytes(), total) << "a refusal changes nothing";
  EXPECT_EQ(this->list_.Add(start - 200 * kKiB, 200 * kKiB), AddStatus::kAdded);
  EXPECT_EQ(this->list_.Add(start + 256 * kKiB, 200 * kKiB), AddStatus::kAdded);
}

TYPED_TEST(ArenaListOfEitherModel, BytesThatLeaveNothingUsefulAreRefused) {
  for (std::size_t size = 0; size < 4 * kKiB; size += 100) {
    ASSERT_EQ(this->list_.Add(this->bytes_.get(), size), AddStatus::kTooSmall) << size;
  }
  EXPECT_EQ(this->list_.Add(nullptr, kMiB), AddStatus::kInvalid);
  EXPECT_EQ(this->list_.Add(this->bytes_.get(), SIZE_MAX), AddStatus::kInvalid);
  EXPECT_EQ(this->list_.Add(this->bytes_.get(), 4096 * 1024 * kMiB), AddStatus::kInvalid)
      << "more pages than can be counted";
  EXPECT_EQ(this->list_.first(), nullptr);
}

TYPED_TEST(ArenaListOfEitherModel, TheBestFitOfAllArenasIsTaken) {
  ASSERT_EQ(this->list_.Add(this->bytes_.get(), kMiB), AddStatus::kAdded);
  void* hole = this->TakeBlock(64 * kKiB);
  ASSERT_NE(this->TakeBlock(64 * kKiB), nullptr);
  ASSERT_EQ(this->list_.Add(this->bytes_.get() + 2 * kMiB, kMiB), AddStatus::kAdded);
  void* wide = this->TakeBlock(128 * kKiB);
  ASSERT_GE(AddressOf(wide), AddressOf(this->bytes_.get()) + 2 * kMiB) << "in the newer one";
  ASSERT_NE(this->TakeBlock(64 * kKiB), nullptr);
  this->GiveBlock(wide);
  this->GiveBlock(hole);
  EXPECT_EQ(this->TakeBlock(64 * kKiB), hole);
  EXPECT_EQ(this->TakeBlock(128 * kKiB), wide);
}

TYPED_TEST(ArenaListOfEitherModel, WhatOneArenaHasNoRoomForComesFromTheNext) {
  ASSERT_EQ(this->list_.Add(this->bytes_.get(), kMiB), AddStatus::kAdded);
  ASSERT_EQ(this->list_.Add(this->bytes_.get() + 2 * kMiB, kMiB), AddStatus::kAdded);
  void* first = this->TakeBlock(700 * kKiB);
  void* second = this->TakeBlock(700 * kKiB);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  EXPECT_NE(this->list_.Find(AddressOf(first)), this->list_.Find(AddressOf(second)));
  EXPECT_EQ(this->TakeBlock(700 * kKiB), nullptr);
  this->GiveBlock(first);
  EXPECT_EQ(this->TakeBlock(700 * kKiB), first);
}

TYPED_TEST(ArenaListOfEitherModel, ATableReadsAsZeroWhateverWasThere) {
  ASSERT_EQ(this->list_.Add(this->bytes_.get(), kMiB), AddStatus::kAdded);
  for (int i = 0; i < 3; ++i) {
    auto* table = static_cast<unsigned char*>(this->list_.TakeTable(50000));
    ASSERT_NE(table, nullptr);
    EXPECT_TRUE(std::all_of(table, table + 50000, [](unsigned char byte) { return byte == 0; }));
    std::memset(table, 0xff, 50000);
    this->list_.GiveTable(table);
  }
  EXPECT_EQ(this->list_.used_bytes(), 0u);
}

TYPED_TEST(ArenaListOfEitherModel, GrowsByItsSourceAndGivesBackExactlyWhatItGot) {
  BookkeepingSource source;
  this->list_.SetSource(SourceReference::To(source));
  std::vector<void*> blocks;
  for (int i = 0; i < 60; ++i) {
    blocks.push_back(this->TakeBlock(300 * kKiB));
    ASSERT_NE(blocks.back(), nullptr);
    std::memset(blocks.back(), 0xff, 300 * kKiB);
  }
  std::size_t have = 0;
  for (const std::size_t asked : source.asked) {
    EXPECT_EQ(asked, std::max(kMiB, have / 8)) << "blocks become larger as the list does";
    have += asked;
  }
  ASSERT_NE(this->TakeBlock(100 * kMiB, 4096), nullptr) << "one request larger than any step";
  this->list_.ReleaseAll();
  EXPECT_TRUE(source.out.empty());
  EXPECT_EQ(source.strangers, 0);
  EXPECT_EQ(this->list_.first(), nullptr);
}

TYPED_TEST(ArenaListOfEitherModel, ASourceThatRefusesChangesNothing) {
  BookkeepingSource source;
  this->list_.SetSource(SourceReference::To(source));
  void* block = this->TakeBlock(300 * kKiB);
  ASSERT_NE(block, nullptr);
  source.refuse = true;
  const std::size_t total = this->list_.total_bytes();
  const std::size_t used = this->list_.used_bytes();
  EXPECT_EQ(this->TakeBlock(10 * kMiB), nullptr);
  EXPECT_EQ(this->list_.TakeTable(10 * kMiB), nullptr);
  EXPECT_EQ(this->TakeBlock(SIZE_MAX / 2), nullptr);
  EXPECT_EQ(this->TakeBlock(SIZE_MAX, SIZE_MAX / 2 + 1), nullptr);
  EXPECT_EQ(this->list_.total_bytes(), total);
  EXPECT_EQ(this->list_.used_bytes(), used);
  source.refuse = false;
  EXPECT_NE(this->TakeBlock(10 * kMiB), nullptr);
  this->list_.ReleaseAll();
  EXPECT_TRUE(source.out.empty());
}

// Has so many bytes in all.
class ScarceSource {
 public:
  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    if (size_bytes > left_bytes) return {};
    left_bytes -= size_bytes;
    return {std::malloc(size_bytes), size_bytes};
  }
  void Release(MemoryBlock block) noexcept {
    left_bytes += block.size_bytes;
    std::free(block.start);
  }

  std::size_t left_bytes = 5 * kMiB / 2;
};

TYPED_TEST(ArenaListOfEitherModel, ASourceNearItsEndIsAskedForNoMoreThanIsNeeded) {
  ScarceSource source;
  this->list_.SetSource(SourceReference::To(source));
  std::size_t served = 0;
  while (this->TakeBlock(100 * kKiB) != nullptr) ++served;
  EXPECT_LT(source.left_bytes, 256 * kKiB);
  EXPECT_GE(served, 19u);
  this->list_.ReleaseAll();
  EXPECT_EQ(source.left_bytes, 5 * kMiB / 2);
}

// Uses the list that it serves, as the flush of another container's magazines may: a lock that was
// held would be waited for without end.
template <typename Model>
struct CuriousSource : BookkeepingSource {
  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    if (table != nullptr) list->GiveTable(std::exchange(table, nullptr));
    static_cast<void>(list->used_bytes());
    return BookkeepingSource::Acquire(size_bytes);
  }
  void Release(MemoryBlock block) noexcept {
    static_cast<void>(list->used_bytes());
    BookkeepingSource::Release(block);
  }

  ArenaList<Model>* list = nullptr;
  void* table = nullptr;
};

TYPED_TEST(ArenaListOfEitherModel, TheLockIsFreeWhileTheSourceIsAsked) {
  CuriousSource<TypeParam> source;
  source.list = &this->list_;
  this->list_.SetSource(SourceReference::To(source));
  ASSERT_NE(this->TakeBlock(kMiB), nullptr);
  EXPECT_NE(this->TakeBlock(2 * kMiB), nullptr);
  EXPECT_EQ(source.out.size(), 2u);
  this->list_.ReleaseAll();
  EXPECT_TRUE(source.out.empty());
}

TYPED_TEST(ArenaListOfEitherModel, ABlockThatOthersMadeUnnecessaryGoesBack) {
  CuriousSource<TypeParam> source;
  source.list = &this->list_;
  this->list_.SetSource(SourceReference::To(source));
  source.table = this->list_.TakeTable(900 * kKiB);
  ASSERT_NE(source.table, nullptr);
  ASSERT_EQ(source.out.size(), 1u);
  // There is no room, but once the source is asked there is.
  EXPECT_NE(this->TakeBlock(800 * kKiB), nullptr);
  EXPECT_EQ(source.asked.size(), 2u);
  EXPECT_EQ(source.out.size(), 1u);
  // Nor is that a "none", where the source has nothing.
  source.table = this->list_.TakeTable(100 * kKiB);
  ASSERT_NE(source.table, nullptr);
  source.refuse = true;
  EXPECT_NE(this->TakeBlock(150 * kKiB), nullptr);
  EXPECT_EQ(source.asked.size(), 4u) << "for a step, and for no more than is needed";
  this->list_.ReleaseAll();
  EXPECT_TRUE(source.out.empty());
}

TYPED_TEST(ArenaListOfEitherModel, TheCallersBytesAreNotGivenToTheSource) {
  BookkeepingSource source;
  this->list_.SetSource(SourceReference::To(source));
  ASSERT_EQ(this->list_.Add(this->bytes_.get(), kMiB), AddStatus::kAdded);
  ASSERT_NE(this->TakeBlock(3 * kMiB), nullptr);
  ASSERT_EQ(source.out.size(), 1u);
  this->list_.ReleaseAll();
  EXPECT_TRUE(source.out.empty());
  EXPECT_EQ(source.strangers, 0);
}

TEST(ArenaList, ThreadsTakeAndGiveWhileOthersLookAndAdd) {
  constexpr int kThreads = 3;
  ArenaList<Concurrent> list;
  const auto bytes = std::make_unique<unsigned char[]>(8 * kMiB);
  ASSERT_EQ(list.Add(bytes.get(), 2 * kMiB), AddStatus::kAdded);
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&list, id] {
      for (int i = 0; i < 2000; ++i) {
        const auto size = static_cast<std::size_t>(i % 9 + 1) * 5000;
        auto* table = static_cast<unsigned char*>(list.TakeTable(size));
        if (table == nullptr) continue;
        ASSERT_NE(list.Find(AddressOf(table)), nullptr);
        ASSERT_EQ(table[4999], 0);
        table[4999] = static_cast<unsigned char>(id + 1);
        list.GiveTable(table);
      }
    });
  }
  for (std::size_t i = 2; i < 8; i += 2) {
    EXPECT_EQ(list.Add(bytes.get() + i * kMiB, 2 * kMiB), AddStatus::kAdded);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(list.used_bytes(), 0u);
}

}  // namespace
}  // namespace ashlar::internal
