// How a pool makes slabs where arenas are full and its source takes its time.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/internal/slab/slab_pool.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar::internal {
namespace {

using ::ashlar::testing::TestingSource;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kSlab = 16 * kKiB;

// Does `meanwhile` before it answers for the first time.
class SlowSource {
 public:
  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    if (meanwhile != nullptr) std::exchange(meanwhile, nullptr)(*this);
    return source.Acquire(size_bytes);
  }
  void Release(MemoryBlock block) noexcept { source.Release(block); }

  void (*meanwhile)(SlowSource&) = nullptr;
  TestingSource source;
  SlabPool<Concurrent>* pool = nullptr;
};

class SlabPoolGrowth : public ::testing::Test {
 protected:
  SlabPoolGrowth() {
    list_.SetSource(SourceReference::To(source_));
    cls_.geometry = MakeSlotGeometry(256, kLargeGeometry);
    EXPECT_EQ(cls_.geometry.slab_bytes, kSlab);
    pool_.Initialize(&list_, &cls_, 1, false);
    source_.pool = &pool_;
  }
  ~SlabPoolGrowth() override {
    pool_.Abandon();
    list_.ReleaseAll();
  }

  // From the one arena.
  std::uintptr_t TakeBlock(Arena& arena, std::size_t size_bytes, std::size_t alignment) {
    const LockGuard<Concurrent> guard(list_.lock());
    return list_.TakeFromLocked(arena, Arena::Part::kBlocks, size_bytes, alignment).start;
  }

  static constexpr std::size_t kBytes = 300 * kKiB;
  const std::unique_ptr<std::byte[]> bytes_{new std::byte[kBytes]};
  SlowSource source_;
  ArenaList<Concurrent> list_;
  SlabClass<Concurrent> cls_;
  SlabPool<Concurrent> pool_;
};

TEST_F(SlabPoolGrowth, AnArenaWithRoomForASlabAndNoTableMakesWayForTheSource) {
  ASSERT_EQ(list_.Add(bytes_.get(), kBytes), AddStatus::kAdded);
  Arena& arena = *list_.first();
  const std::uintptr_t room = TakeBlock(arena, kSlab, kSlab);
  ASSERT_NE(room, 0u);
  while (TakeBlock(arena, 4 * kKiB, 1) != 0) {
  }
  {
    const LockGuard<Concurrent> guard(list_.lock());
    list_.GiveLocked(arena, Arena::Part::kBlocks, room);
  }
  void* slot = nullptr;
  EXPECT_EQ(pool_.Take(0, &slot, 1), 1u);
  EXPECT_EQ(source_.source.blocks(), 1u);
  EXPECT_EQ(TakeBlock(arena, kSlab, kSlab), room) << "nothing was left there";
}

TEST_F(SlabPoolGrowth, TheLimitIsLookedAtAgainOnceTheSourceHasAnswered) {
  cls_.max_slabs = 1;
  source_.meanwhile = [](SlowSource& source) {
    std::thread([&source] {
      std::vector<void*> slots(source.pool->slab_class(0).geometry.slots);
      EXPECT_EQ(source.pool->Take(0, slots.data(), slots.size()), slots.size());
    }).join();
  };
  void* slot = nullptr;
  EXPECT_EQ(pool_.Take(0, &slot, 1), 0u);
  EXPECT_EQ(cls_.slabs.Get(), 1);
  EXPECT_EQ(source_.source.blocks(), 1u) << "the block of no use went back";
  EXPECT_EQ(source_.source.acquired(), 2u);
  EXPECT_FALSE(pool_.Reserve(0, 2 * cls_.geometry.slots));
}

TEST_F(SlabPoolGrowth, WhatOthersGaveMeanwhileIsTaken) {
  source_.meanwhile = [](SlowSource& source) {
    std::thread([&source] {
      void* slot = nullptr;
      ASSERT_EQ(source.pool->Take(0, &slot, 1), 1u);
      source.pool->Give(0, &slot, 1);
    }).join();
    source.source.GiveOnly(0);
  };
  void* slot = nullptr;
  EXPECT_EQ(pool_.Take(0, &slot, 1), 1u);
  EXPECT_EQ(cls_.slabs.Get(), 1);
}

}  // namespace
}  // namespace ashlar::internal
