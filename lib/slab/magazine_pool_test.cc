#include "ashlar/internal/slab/magazine_pool.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "lib/slab/pool_directory.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{4} << 20;
constexpr std::uint32_t kClasses = 3;
constexpr std::array<std::size_t, kClasses> kSlotBytes = {32, 128, 2048};

// A pool of three classes over a region of its own.
class MagazinePoolTest : public ::testing::Test {
 protected:
  MagazinePoolTest() : bytes_(new std::byte[kRegionBytes]) {
    EXPECT_EQ(arenas_.Add(bytes_.get(), kRegionBytes), AddStatus::kAdded);
    for (std::uint32_t c = 0; c < kClasses; ++c) {
      classes_[c].geometry = MakeSlotGeometry(kSlotBytes[c], arenas_.geometry());
    }
  }
  void SetUpPool(void (*on_end)(void* owner)) {
    ASSERT_TRUE(pool_.Initialize(&arenas_, classes_.data(), depots_.data(), kClasses, false,
                                 MagazineLimits(), on_end, this));
  }
  static void OnEnd(void* owner) {
    auto* test = static_cast<MagazinePoolTest*>(owner);
    test->pool_.Abandon();
    ++test->ends_;
  }

  MagazineEntry& EntryOf(std::uint32_t size_class) {
    return EntryAt(pool_.EntryOffset(size_class));
  }
  void* Allocate(std::uint32_t size_class) {
    void* slot = EntryOf(size_class).Pop();
    return slot != nullptr ? slot : pool_.AllocateSlow(size_class);
  }
  void Free(std::uint32_t size_class, void* slot) {
    if (!EntryOf(size_class).Push(slot)) pool_.FreeSlow(size_class, slot);
  }
  std::vector<void*> AllocateMany(std::uint32_t size_class, int count) {
    std::vector<void*> slots;
    for (int i = 0; i < count; ++i) slots.push_back(Allocate(size_class));
    return slots;
  }
  void FreeAll(std::uint32_t size_class, const std::vector<void*>& slots) {
    for (void* slot : slots) Free(size_class, slot);
  }
  PoolRecord& record() { return PoolDirectory::record(pool_.number()); }

  std::unique_ptr<std::byte[]> bytes_;
  ArenaList<Concurrent> arenas_;
  std::array<SlabClass<Concurrent>, kClasses> classes_;
  std::array<ClassDepot, kClasses> depots_;
  MagazinePool pool_;
  int ends_ = 0;
};

TEST_F(MagazinePoolTest, KeepsTheClassesApart) {
  SetUpPool(&OnEnd);
  for (std::uint32_t c = 0; c < kClasses; ++c) {
    for (void* slot : AllocateMany(c, 200)) {
      ASSERT_TRUE(pool_.Owns(pool_.PlaceOf(c, AddressOf(slot)), c));
      Free(c, slot);
    }
    EXPECT_EQ(pool_.SlotsOut(c), pool_.CachedSlots(c));
  }
  EXPECT_TRUE(pool_.IsIdle());
  pool_.EndWhenIdle();
  EXPECT_EQ(ends_, 1);
}

TEST_F(MagazinePoolTest, CountsEachCachedSlotOnce) {
  SetUpPool(&OnEnd);
  for (std::uint32_t c = 0; c < kClasses; ++c) {
    const std::vector<void*> slots = AllocateMany(c, 500);
    std::size_t in_use = slots.size();
    for (void* slot : slots) {
      Free(c, slot);
      --in_use;
      ASSERT_EQ(pool_.SlotsOut(c), pool_.CachedSlots(c) + in_use) << "class " << c;
    }
    pool_.FlushOwn();
    EXPECT_EQ(pool_.CachedSlots(c), 0u);
    EXPECT_EQ(pool_.SlotsOut(c), 0u);
  }
  pool_.EndWhenIdle();
}

TEST_F(MagazinePoolTest, FirstMagazinesAreSmallAndGrow) {
  SetUpPool(&OnEnd);
  void* first = Allocate(0);
  EXPECT_LE(pool_.SlotsOut(0), 4u);
  const std::vector<void*> slots = AllocateMany(0, 3000);
  const std::uint64_t out = pool_.SlotsOut(0);
  EXPECT_GT(out, 3001u + 4);
  EXPECT_LE(out, 3001u + kMagazineSlots);
  FreeAll(0, slots);
  Free(0, first);
  pool_.EndWhenIdle();
}

TEST_F(MagazinePoolTest, EndsOnceWithTheLastSlot) {
  SetUpPool(&OnEnd);
  const std::vector<void*> slots = AllocateMany(1, 100);
  pool_.EndWhenIdle();
  for (void* slot : slots) {
    EXPECT_EQ(ends_, 0);
    pool_.FreeUnheld(1, slot);
  }
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(arenas_.used_bytes(), 0u);
}

// Another is inside while the last slot is freed: who frees it cannot end the pool, so who leaves
// last has to look again.
TEST_F(MagazinePoolTest, WhoLeavesLastLooksAgainForThoseWhoLeftBefore) {
  SetUpPool(&OnEnd);
  void* slot = Allocate(1);
  PoolRecord& mine = record();
  ASSERT_TRUE(mine.life.TryPin(mine.generation));
  pool_.EndWhenIdle();
  std::thread([this, slot] { pool_.FreeUnheld(1, slot); }).join();
  EXPECT_EQ(ends_, 0);
  pool_.Leave();
  EXPECT_EQ(ends_, 1);
}

TEST_F(MagazinePoolTest, DoesNotEndWhileSomebodyIsInside) {
  SetUpPool(&OnEnd);
  Free(0, Allocate(0));
  PoolRecord& mine = record();
  const std::uint32_t generation = mine.generation;
  ASSERT_TRUE(mine.life.TryPin(generation));
  pool_.EndWhenIdle();
  EXPECT_EQ(ends_, 0);
  pool_.Leave();
  EXPECT_EQ(ends_, 1);
  EXPECT_FALSE(mine.life.TryPin(generation));
}

// What the pool draws from may go as soon as the last handle has: nobody may be left inside who
// tidies up, and would do so in what is gone, or end the pool.
TEST_F(MagazinePoolTest, IsOverWhenTheLastHandleHasGoneThoughAVisitorWasInside) {
  SetUpPool(&OnEnd);
  Free(0, Allocate(0));
  PoolRecord& mine = record();
  ASSERT_EQ(mine.life.TryVisit(mine.generation), Lifeline::Visit::kInside);
  bool has_left = false;
  std::thread inside([&mine, &has_left] {
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    has_left = true;
    mine.life.Depart();
  });
  pool_.EndWhenIdle();
  EXPECT_TRUE(has_left);
  EXPECT_EQ(ends_, 1);
  inside.join();
}

TEST_F(MagazinePoolTest, IsLeftAloneOnceItsEndIsDeclared) {
  SetUpPool(&OnEnd);
  FreeAll(1, AllocateMany(1, 100));
  void* last = Allocate(1);
  std::thread([this] {
    FreeAll(1, AllocateMany(1, 20));
    pool_.EndWhenIdle();
    // The magazines of the other thread stay where they are, and are no reason to stay.
    EXPECT_GT(pool_.CachedSlots(1), 0u);
  }).join();
  const std::uint64_t cached = pool_.CachedSlots(1);
  AttendTable(*OwnThreadTable());
  FlushTable(*OwnThreadTable());
  PoolDirectory::UpkeepAll();
  EXPECT_EQ(pool_.CachedSlots(1), cached);
  EXPECT_EQ(ends_, 0);
  pool_.FreeUnheld(1, last);
  EXPECT_EQ(ends_, 1);
  AttendTable(*OwnThreadTable());
  EXPECT_TRUE(EntryOf(1).IsClear());
}

TEST_F(MagazinePoolTest, ThatEndsNowWaitsForThoseWhoAreInside) {
  SetUpPool(nullptr);
  const std::vector<void*> slots = AllocateMany(2, 10);  // out, and nobody asks for them
  PoolRecord& mine = record();
  ASSERT_TRUE(mine.life.TryPin(mine.generation));
  bool has_left = false;
  std::thread inside([this, &has_left] {
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    has_left = true;
    pool_.Leave();
  });
  pool_.EndNow();
  EXPECT_TRUE(has_left);
  inside.join();
  pool_.Abandon();
  EXPECT_EQ(arenas_.used_bytes(), 0u);
  EXPECT_EQ(slots.size(), 10u);
}

TEST_F(MagazinePoolTest, AnEndedPoolsMagazinesAreDroppedUnread) {
  SetUpPool(nullptr);
  FreeAll(0, AllocateMany(0, 100));
  ThreadTable* table = OwnThreadTable();
  ASSERT_NE(table, nullptr);
  const std::size_t number = pool_.EntryOffset(0) / sizeof(MagazineEntry);
  EXPECT_FALSE(table->entries[number].IsClear());
  pool_.EndNow();
  pool_.Abandon();
  bytes_.reset();  // nothing of it may be read any more
  AttendTable(*table);
  EXPECT_TRUE(table->entries[number].IsClear());
}

TEST_F(MagazinePoolTest, UpkeepBringsHomeWhatNobodyTookFromTheDepot) {
  SetUpPool(&OnEnd);
  FreeAll(1, AllocateMany(1, 2000));
  pool_.Upkeep();  // from now on it is watched
  const std::uint64_t before = pool_.CachedSlots(1);
  pool_.Upkeep();
  EXPECT_LT(pool_.CachedSlots(1), before);
  EXPECT_LE(pool_.CachedSlots(1), 2 * kMagazineSlots);
  pool_.EndWhenIdle();
  EXPECT_EQ(ends_, 1);
}

}  // namespace
}  // namespace ashlar::internal
