#include "ashlar/internal/slab/slab_pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/configuration.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{2} << 20;
constexpr std::size_t kSlotBytes = 64;

template <ThreadingModel M>
struct ModelOf {
  using Model = M;
};

// A pool of one class over a region of its own.
template <typename M>
class SlabPoolTest : public ::testing::Test {
 protected:
  using Model = typename M::Model;

  SlabPoolTest() : bytes_(new std::byte[kRegionBytes]) {
    EXPECT_EQ(arenas_.Add(bytes_.get(), kRegionBytes), AddStatus::kAdded);
    SetUpPool(kSlotBytes, 1);
  }
  ~SlabPoolTest() override {
    pool_.Abandon();
    EXPECT_EQ(arenas_.used_bytes(), 0u);
    arenas_.ReleaseAll();
  }

  void SetUpPool(std::size_t slot_bytes, std::uint64_t keep) {
    class_.geometry = MakeSlotGeometry(slot_bytes, arenas_.geometry());
    class_.keep_empty_slabs = keep;
    pool_.Initialize(&arenas_, &class_, 1, false);
  }
  std::size_t slots_per_slab() const { return class_.geometry.slots; }
  std::size_t slabs() const { return static_cast<std::size_t>(class_.slabs.Get()); }
  void* TakeOne() {
    void* slot = nullptr;
    return pool_.Take(0, &slot, 1) == 1 ? slot : nullptr;
  }
  std::vector<void*> TakeMany(std::size_t count) {
    std::vector<void*> slots(count);
    for (void*& slot : slots) slot = TakeOne();
    return slots;
  }
  void GiveAll(const std::vector<void*>& slots) { pool_.Give(0, slots.data(), slots.size()); }

  std::unique_ptr<std::byte[]> bytes_;
  ArenaList<Model> arenas_;
  SlabClass<Model> class_;
  SlabPool<Model> pool_;
};

using Models = ::testing::Types<ModelOf<Concurrent>, ModelOf<SingleThreaded>>;
TYPED_TEST_SUITE(SlabPoolTest, Models);

TYPED_TEST(SlabPoolTest, GrowsByOneSlabWhenAllAreFull) {
  EXPECT_EQ(this->slabs(), 0u);
  for (std::size_t slab = 1; slab <= 3; ++slab) {
    for (std::size_t i = 0; i < this->slots_per_slab(); ++i) {
      ASSERT_NE(this->TakeOne(), nullptr);
      ASSERT_EQ(this->slabs(), slab);
    }
  }
}

TYPED_TEST(SlabPoolTest, NeverHandsOutASlotThatIsOut) {
  std::set<void*> out;
  for (void* slot : this->TakeMany(1000)) EXPECT_TRUE(out.insert(slot).second);
  std::uintptr_t last = 0;
  for (void* slot : out) {
    EXPECT_GE(AddressOf(slot) - last, kSlotBytes);
    last = AddressOf(slot);
  }
}

TYPED_TEST(SlabPoolTest, ABatchTakesAtMostWhatOneSlabHas) {
  std::vector<void*> slots(3 * this->slots_per_slab());
  EXPECT_EQ(this->pool_.Take(0, slots.data(), slots.size()), this->slots_per_slab());
  EXPECT_EQ(this->slabs(), 1u);
}

TYPED_TEST(SlabPoolTest, TakesTheLowestFreeSlotsFirst) {
  std::vector<void*> slots = this->TakeMany(3 * this->slots_per_slab());
  std::sort(slots.begin(), slots.end());
  std::vector<void*> freed;
  for (std::size_t i = 0; i < slots.size(); i += 7) freed.push_back(slots[i]);
  this->GiveAll(freed);
  for (void* expected : freed) EXPECT_EQ(this->TakeOne(), expected);
  std::vector<void*> batch(4);
  this->GiveAll(freed);
  ASSERT_EQ(this->pool_.Take(0, batch.data(), batch.size()), batch.size());
  EXPECT_EQ(batch.back(), freed[0]);  // popped first
  EXPECT_EQ(batch.front(), freed[3]);
}

TYPED_TEST(SlabPoolTest, TheSlabOfAnyInteriorPointerIsFoundByMasking) {
  for (void* slot : this->TakeMany(2 * this->slots_per_slab())) {
    const auto first = this->pool_.PlaceOf(0, AddressOf(slot));
    ASSERT_TRUE(this->pool_.Owns(first, 0));
    EXPECT_EQ(first.slab % this->class_.geometry.slab_bytes, 0u);
    for (const std::size_t byte : {std::size_t{1}, kSlotBytes / 2, kSlotBytes - 1}) {
      const auto place = this->pool_.PlaceOf(0, AddressOf(slot) + byte);
      EXPECT_EQ(place.slab, first.slab);
      EXPECT_EQ(place.record, first.record);
    }
  }
}

TYPED_TEST(SlabPoolTest, AnEmptySlabIsKeptAndOneMoreGoesBack) {
  const std::vector<void*> slots = this->TakeMany(3 * this->slots_per_slab());
  EXPECT_EQ(this->slabs(), 3u);
  this->GiveAll(slots);
  EXPECT_EQ(this->slabs(), 1u);
  EXPECT_EQ(this->pool_.SlotsOut(0), 0u);
}

TYPED_TEST(SlabPoolTest, TrimGivesEveryEmptySlabBack) {
  const std::size_t tables = this->arenas_.used_bytes();
  const std::vector<void*> slots = this->TakeMany(this->slots_per_slab() + 1);
  const std::vector<void*> most(slots.begin(), slots.end() - 1);
  this->GiveAll(most);
  EXPECT_EQ(this->slabs(), 2u);
  EXPECT_EQ(this->pool_.Trim(0), this->class_.geometry.slab_bytes);
  EXPECT_EQ(this->slabs(), 1u);
  this->pool_.Give(0, &slots.back(), 1);
  EXPECT_EQ(this->pool_.Trim(0), this->class_.geometry.slab_bytes);
  EXPECT_EQ(this->slabs(), 0u);
  EXPECT_GE(this->arenas_.used_bytes(), tables);
}

TYPED_TEST(SlabPoolTest, ReserveMakesSlabsBeforeTheyAreNeeded) {
  EXPECT_TRUE(this->pool_.Reserve(0, 2 * this->slots_per_slab() + 1));
  EXPECT_EQ(this->slabs(), 3u);
  this->TakeMany(3 * this->slots_per_slab());
  EXPECT_EQ(this->slabs(), 3u);
}

TYPED_TEST(SlabPoolTest, AReserveThatCannotBeLeavesNoSlabBehind) {
  void* one = this->TakeOne();
  ASSERT_NE(one, nullptr);
  EXPECT_FALSE(this->pool_.Reserve(0, 10 * kRegionBytes / kSlotBytes));
  EXPECT_EQ(this->slabs(), 1u);
  EXPECT_FALSE(this->pool_.Reserve(0, SIZE_MAX));
  EXPECT_EQ(this->slabs(), 1u);
  this->pool_.Give(0, &one, 1);
}

TYPED_TEST(SlabPoolTest, AnExhaustedRegionIsServedToTheLastSlotAndAgain) {
  std::vector<void*> slots;
  while (void* slot = this->TakeOne()) slots.push_back(slot);
  EXPECT_EQ(slots.size(), this->slabs() * this->slots_per_slab());
  EXPECT_GT(slots.size() * kSlotBytes, kRegionBytes * 85 / 100);
  EXPECT_EQ(this->TakeOne(), nullptr);
  this->pool_.Give(0, &slots[slots.size() / 2], 1);
  EXPECT_EQ(this->TakeOne(), slots[slots.size() / 2]);
  EXPECT_EQ(this->TakeOne(), nullptr);
  this->GiveAll(slots);
}

TYPED_TEST(SlabPoolTest, SlotsOutAndFreeAddUp) {
  std::vector<void*> slots = this->TakeMany(777);
  while (!slots.empty()) {
    EXPECT_EQ(this->pool_.SlotsOut(0), slots.size());
    EXPECT_EQ(this->class_.free.Get() + slots.size(), this->slabs() * this->slots_per_slab());
    const std::size_t count = std::min<std::size_t>(slots.size(), 37);
    this->pool_.Give(0, slots.data() + slots.size() - count, count);
    slots.resize(slots.size() - count);
  }
}

TYPED_TEST(SlabPoolTest, PoolsThatShareARegionEndWithoutTouchingEachOther) {
  SlabClass<typename TypeParam::Model> other_class;
  other_class.geometry = MakeSlotGeometry(kSlotBytes, this->arenas_.geometry());
  SlabPool<typename TypeParam::Model> other;
  other.Initialize(&this->arenas_, &other_class, 1, false);
  const std::vector<void*> mine = this->TakeMany(this->slots_per_slab() + 1);
  void* theirs = nullptr;
  ASSERT_EQ(other.Take(0, &theirs, 1), 1u);
  EXPECT_FALSE(this->pool_.Owns(this->pool_.PlaceOf(0, AddressOf(theirs)), 0));
  other.Abandon();
  EXPECT_EQ(this->slabs(), 2u);
  for (void* slot : mine) {
    ASSERT_TRUE(this->pool_.Owns(this->pool_.PlaceOf(0, AddressOf(slot)), 0));
  }
  this->GiveAll(mine);
}

TYPED_TEST(SlabPoolTest, ASlotFreedTwiceEndsTheProcess) {
  const std::vector<void*> slots = this->TakeMany(3);
  this->pool_.Give(0, &slots[1], 1);
  EXPECT_DEATH(this->pool_.Give(0, &slots[1], 1), "ashlar: double free: 0x");
  void* const twice[] = {slots[0], slots[0]};
  EXPECT_DEATH(this->pool_.Give(0, twice, 2), "ashlar: double free: 0x");
}

TYPED_TEST(SlabPoolTest, WhatIsNoSlotEndsTheProcess) {
  void* slot = this->TakeOne();
  void* inside = static_cast<std::byte*>(slot) + 8;
  void* table = this->bytes_.get();
  void* nowhere = &slot;
  EXPECT_DEATH(this->pool_.Give(0, &inside, 1), "ashlar: free of a pointer that is no block");
  EXPECT_DEATH(this->pool_.Give(0, &table, 1), "ashlar: free of a pointer that is no block");
  EXPECT_DEATH(this->pool_.Give(0, &nowhere, 1), "ashlar: free of a pointer that is no block");
}

// 8-byte slots: so many that the free words lie in the slab itself.
class ManySlots : public SlabPoolTest<ModelOf<Concurrent>> {
 protected:
  ManySlots() { SetUpPool(8, 1); }
};

TEST_F(ManySlots, FreeWordsInTheSlabAreNeverHandedOut) {
  ASSERT_TRUE(class_.geometry.words_in_slab());
  for (void* slot : TakeMany(2 * slots_per_slab())) {
    const std::uintptr_t offset = AddressOf(slot) % class_.geometry.slab_bytes;
    ASSERT_GE(offset, class_.geometry.first_offset);
    UnpoisonMemory(slot, 8);
    *static_cast<std::uint64_t*>(slot) = UINT64_MAX;
  }
  EXPECT_EQ(slabs(), 2u);
  EXPECT_EQ(pool_.SlotsOut(0), 2 * slots_per_slab());
  void* words = PointerTo(RoundDown(AddressOf(TakeOne()), class_.geometry.slab_bytes));
  EXPECT_DEATH(pool_.Give(0, &words, 1), "ashlar: free of a pointer that is no block");
}

}  // namespace
}  // namespace ashlar::internal
