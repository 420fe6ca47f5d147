// ground.h - what the scenarios stand on: a small region, and objects that know their owner.
#ifndef ASHLAR_STRESS_ENGINE_GROUND_H_
#define ASHLAR_STRESS_ENGINE_GROUND_H_

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "ashlar/fixed_region.h"
#include "ashlar/internal/slab/slab_pool.h"
#include "ashlar/internal/slab/slot_geometry.h"
#include "ashlar/memory_source.h"
#include "stress/explorer/explore.h"

namespace ashlar::stress {

// Regions of this size have units of 1 KiB and pages of 512 bytes.
inline constexpr std::size_t kRegionBytes = std::size_t{32} << 10;
alignas(4096) inline std::byte g_bytes[kRegionBytes];

// Slabs have four of them. Only the tag is touched: a race on it is an overlap.
struct Object {
  static constexpr std::size_t kBytes = 1024;
  static constexpr std::size_t kOfSlab = 4;
  static constexpr std::size_t kSlabBytes = kBytes * kOfSlab;

  int owner;
  std::byte rest[kBytes - sizeof(int)];

  Object() {}  // NOLINT: leaves the bytes as they are
};

inline void Own(void* slot, int owner) { *static_cast<int*>(slot) = owner; }
inline void CheckOwner(const void* slot, int owner) {
  ASHLAR_REQUIRE(*static_cast<const int*>(slot) == owner);
}

// A region whose bytes are used for something else once nothing of it is in use.
struct Region {
  FixedRegion region{g_bytes, sizeof g_bytes};

  bool IsIdleAlready() { return region.used_bytes() == 0; }
  void UseBytesIfIdle() {
    if (!IsIdleAlready()) return;
    const std::size_t pages = region.total_bytes() / region.page_bytes();
    void* start = region.AllocatePages(pages);
    ASHLAR_REQUIRE(start != nullptr);
    std::memset(start, 0xdd, pages * region.page_bytes());
    region.FreePages(start, pages);
  }
};

// A source whose blocks come from the heap of the explorer, which sees each touch of a freed one.
// All are back when it goes.
class HeapSource {
 public:
  ~HeapSource() { ASHLAR_REQUIRE(blocks_.load(std::memory_order_relaxed) == 0); }
  MemoryBlock Acquire(std::size_t size_bytes) noexcept {
    blocks_.fetch_add(1, std::memory_order_relaxed);
    return {std::aligned_alloc(64, size_bytes), size_bytes};
  }
  void Release(MemoryBlock block) noexcept {
    blocks_.fetch_sub(1, std::memory_order_relaxed);
    std::free(block.start);
  }

 private:
  std::atomic<int> blocks_{0};
};

// One class of a SlabPool over a region of its own.
struct Pool {
  FixedRegion region{g_bytes, sizeof g_bytes};
  internal::SlabClass<Concurrent> slab_class;
  internal::SlabPool<Concurrent> pool;

  explicit Pool(std::size_t slot_bytes, std::uint64_t max_slabs = UINT64_MAX,
                std::uint64_t keep = 0) {
    slab_class.geometry = internal::MakeSlotGeometry(slot_bytes, region.arenas().geometry());
    slab_class.max_slabs = max_slabs;
    slab_class.keep_empty_slabs = keep;
    pool.Initialize(&region.arenas(), &slab_class, 1, false);
  }

  // All slots are home: the counts say so, every slab can go, and then the region has all its
  // bytes.
  void ExpectAllHome() {
    ASHLAR_REQUIRE(pool.SlotsOut(0) == 0);
    pool.Trim(0);
    ASHLAR_REQUIRE(slab_class.slabs.Get() == 0);
    ASHLAR_REQUIRE(slab_class.free.Get() == 0);
    ASHLAR_REQUIRE(region.used_bytes() == pool.table_bytes());
    pool.Abandon();
    ASHLAR_REQUIRE(region.used_bytes() == 0);
  }
};

// Takes `want` slots, owns them for a while, gives them back. Returns how many there were.
inline std::size_t TakeAndGive(Pool& pool, int owner, std::size_t want) {
  void* slots[8];
  const std::size_t got = pool.pool.Take(0, slots, want);
  for (std::size_t i = 0; i < got; ++i) Own(slots[i], owner);
  for (std::size_t i = 0; i < got; ++i) CheckOwner(slots[i], owner);
  pool.pool.Give(0, slots, got);
  return got;
}

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ENGINE_GROUND_H_
