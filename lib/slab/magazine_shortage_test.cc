// A MagazinePool in a process that has no memory for tables left: no fresh magazine can be had.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/slab/magazine_pool.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{4} << 20;

// Takes all that tables and magazines could be made of, for the rest of the process's life.
void TakeAllTables() {
  for (std::size_t size = std::size_t{4} << 30; size >= 4096;) {
    if (SystemArenas().TakeTable(size) == nullptr) size /= 2;
  }
}

// Every magazine that can still be had.
std::vector<Magazine*> TakeAllMagazines() {
  std::vector<Magazine*> all;
  while (Magazine* magazine = NewMagazine(t_thread_table)) all.push_back(magazine);
  return all;
}

TEST(MagazineShortage, ForgetsNoSlot) {
  const auto bytes = std::make_unique<std::byte[]>(kRegionBytes);
  ArenaList<Concurrent> arenas;
  ASSERT_EQ(arenas.Add(bytes.get(), kRegionBytes), AddStatus::kAdded);
  SlabClass<Concurrent> cls;
  cls.geometry = MakeSlotGeometry(256, arenas.geometry());
  ClassDepot depot;
  MagazinePool pool;
  ASSERT_TRUE(pool.Initialize(&arenas, &cls, &depot, 1, false, MagazineLimits(), nullptr, nullptr));
  const auto allocate = [&pool] {
    void* slot = EntryAt(pool.EntryOffset(0)).Pop();
    return slot != nullptr ? slot : pool.AllocateSlow(0);
  };
  const auto free = [&pool](void* slot) {
    if (!EntryAt(pool.EntryOffset(0)).Push(slot)) pool.FreeSlow(0, slot);
  };
  ASSERT_NE(OwnThreadTable(), nullptr);
  DropMagazine(nullptr, NewMagazine(nullptr));  // there is a chunk of them
  TakeAllTables();
  std::vector<Magazine*> spare = TakeAllMagazines();
  ASSERT_GT(spare.size(), 10u);
  const auto put_back = [&spare](std::size_t count) {
    for (; count > 0; --count) {
      DropMagazine(nullptr, spare.back());
      spare.pop_back();
    }
  };
  // With any number of magazines left there comes a free that has none; and the next one has one
  // again.
  for (std::size_t left = 0; left < 10; ++left) {
    put_back(left);
    std::vector<void*> slots;
    for (int i = 0; i < 2000; ++i) {
      slots.push_back(allocate());
      ASSERT_NE(slots.back(), nullptr);
    }
    std::size_t in_use = slots.size();
    for (void* slot : slots) {
      const std::uint64_t out = pool.SlotsOut(0);
      free(slot);
      --in_use;
      ASSERT_EQ(pool.SlotsOut(0), pool.CachedSlots(0) + in_use) << "with " << left << " magazines";
      if (pool.SlotsOut(0) == out - 1 && spare.size() > 40) put_back(1);  // it went home by itself
    }
    pool.FlushOwn();
    EXPECT_EQ(pool.SlotsOut(0), 0u);
    for (Magazine* magazine : TakeAllMagazines()) spare.push_back(magazine);
  }
  pool.EndNow();
  pool.Abandon();
}

}  // namespace
}  // namespace ashlar::internal
