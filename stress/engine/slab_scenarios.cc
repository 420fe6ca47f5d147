// SlabPool: slots from slabs, slabs from a region, without magazines between.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/slab/slab_pool.h"
#include "ashlar/internal/span/arena_list.h"
#include "stress/engine/ground.h"
#include "stress/engine/scenario.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kSlots = Object::kOfSlab;

// Slabs come and go: the class keeps none.
void SlotsAreTakenAndGiven() {
  Pool pool(Object::kBytes);
  const auto work = [&](int me) {
    for (int i = 0; i < 2; ++i) ASHLAR_REQUIRE(TakeAndGive(pool, me, 3) > 0);
  };
  Together([&] { work(1); }, [&] { work(2); });
  pool.ExpectAllHome();
}

// Slots of 8 bytes: the slab's words lie in it, over two words of bits.
void WordsLieInTheSlab() {
  Pool pool(8);
  const auto work = [&](int me) {
    for (int i = 0; i < 2; ++i) ASHLAR_REQUIRE(TakeAndGive(pool, me, 2) > 0);
  };
  Together([&] { work(1); }, [&] { work(2); });
  pool.ExpectAllHome();
}

// One slab, of which each thread wants half, again and again: it is full, then empty, then gone.
template <std::uint64_t kKeep>
void TheOnlySlabIsFullAndEmpty() {
  Pool pool(Object::kBytes, 1, kKeep);
  const auto work = [&](int me) {
    for (int i = 0; i < 3; ++i) ASHLAR_REQUIRE(TakeAndGive(pool, me, kSlots / 2) > 0);
  };
  Together([&] { work(1); }, [&] { work(2); });
  pool.ExpectAllHome();
}

// Slots change threads one by one, so that two have the last one out and the first one in.
void TheLastSlotOfASlabIsTakenAsAnotherComes() {
  Pool pool(Object::kBytes, 2, 1);
  void* slots[kSlots];
  ASHLAR_REQUIRE(pool.pool.Take(0, slots, kSlots) == kSlots);
  Together(
      [&] {
        for (void* slot : slots) {
          Own(slot, 1);
          pool.pool.Give(0, &slot, 1);
        }
      },
      [&] {
        for (int i = 0; i < 3; ++i) ASHLAR_REQUIRE(TakeAndGive(pool, 2, 2) > 0);
      });
  pool.ExpectAllHome();
}

// The last free slot of a slab is taken, and its thread keeps it, as the next one comes.
void ASlotComesAsItsSlabIsFull() {
  Pool pool(Object::kBytes, 1, 1);
  void* slots[kSlots];
  void* taken = nullptr;
  ASHLAR_REQUIRE(pool.pool.Take(0, slots, kSlots) == kSlots);
  pool.pool.Give(0, &slots[0], 1);
  Together([&] { pool.pool.Give(0, &slots[1], 1); },
           [&] { ASHLAR_REQUIRE(pool.pool.Take(0, &taken, 1) == 1); });
  pool.pool.Give(0, &taken, 1);
  pool.pool.Give(0, &slots[2], 2);
  pool.ExpectAllHome();
}

void AClassHasNoMoreThanItsLimit() {
  Pool pool(Object::kBytes, 1);
  void* slots[2][kSlots];
  std::size_t got[2];
  Together([&] { got[0] = pool.pool.Take(0, slots[0], 3); },
           [&] { got[1] = pool.pool.Take(0, slots[1], 3); });
  ASHLAR_REQUIRE(pool.slab_class.slabs.Get() == 1);
  ASHLAR_REQUIRE(got[0] + got[1] == kSlots);
  for (int i : {0, 1}) pool.pool.Give(0, slots[i], got[i]);
  pool.ExpectAllHome();
}

// Memory of slabs that are gone is used for something else.
void MemoryOfARetiredSlabIsReused() {
  Pool pool(Object::kBytes);
  const auto work = [&](int me) {
    for (int i = 0; i < 2; ++i) ASHLAR_REQUIRE(TakeAndGive(pool, me, 2) > 0);
  };
  Together([&] { work(1); }, [&] { work(2); },
           [&] {
             const std::size_t pages = Object::kSlabBytes / pool.region.page_bytes();
             for (int i = 0; i < 2; ++i) {
               void* start = pool.region.AllocatePages(pages);
               ASHLAR_REQUIRE(start != nullptr);
               std::memset(start, 3, Object::kSlabBytes);
               pool.region.FreePages(start, pages);
             }
           });
  pool.ExpectAllHome();
}

// The same for words that lie in the slab: a late look at them is a look at another's bytes.
void WordsOfARetiredSlabAreReused() {
  Pool pool(8);
  const auto work = [&](int me) {
    for (int i = 0; i < 2; ++i) ASHLAR_REQUIRE(TakeAndGive(pool, me, 1) > 0);
  };
  Together([&] { work(1); }, [&] { work(2); },
           [&] {
             const std::size_t slab_bytes = pool.slab_class.geometry.slab_bytes;
             const std::size_t pages = slab_bytes / pool.region.page_bytes();
             for (int i = 0; i < 2; ++i) {
               void* start = pool.region.AllocatePages(pages);
               ASHLAR_REQUIRE(start != nullptr);
               std::memset(start, 3, slab_bytes);
               pool.region.FreePages(start, pages);
             }
           });
  pool.ExpectAllHome();
}

void EmptySlabsAreTrimmedAmidTraffic() {
  Pool pool(Object::kBytes, UINT64_MAX, 2);
  void* slots[2 * kSlots];
  ASHLAR_REQUIRE(pool.pool.Take(0, slots, kSlots) == kSlots);
  ASHLAR_REQUIRE(pool.pool.Take(0, slots + kSlots, kSlots) == kSlots);
  pool.pool.Give(0, slots, 2 * kSlots);
  Together([&] { ASHLAR_REQUIRE(TakeAndGive(pool, 1, 3) > 0); },
           [&] { ASHLAR_REQUIRE(TakeAndGive(pool, 2, 3) > 0); }, [&] { pool.pool.Trim(0); });
  pool.ExpectAllHome();
}

void SlotsAreReservedByTwo() {
  Pool pool(Object::kBytes, 3, 3);
  const auto reserve = [&] { static_cast<void>(pool.pool.Reserve(0, 2 * kSlots)); };
  Together(reserve, reserve, [&] { TakeAndGive(pool, 1, 2); });
  ASHLAR_REQUIRE(pool.slab_class.slabs.Get() <= 3);
  pool.ExpectAllHome();
}

void ASlotIsGivenByTwo() {
  Pool pool(Object::kBytes, 1, 1);
  void* slots[2];
  ASHLAR_REQUIRE(pool.pool.Take(0, slots, 2) == 2);
  const auto give = [&] { pool.pool.Give(0, slots, 1); };
  Together(give, give);
}

// Pages inside of slabs go back to the system while slots are taken, written and given.
void FreePagesOfSlabsArePurged() {
  internal::ArenaList<Concurrent>& arenas = internal::SystemArenas();
  internal::SlabClass<Concurrent> slab_class;
  internal::SlabPool<Concurrent> pool;
  slab_class.geometry = internal::MakeSlotGeometry(2048, arenas.geometry());
  pool.Initialize(&arenas, &slab_class, 1, false);
  void* all[16];
  const std::size_t slots = slab_class.geometry.slots;
  ASHLAR_REQUIRE(slots <= 16 && pool.Take(0, all, slots) == slots);
  pool.Give(0, all + 1, slots - 1);  // one stays out, so that the slab does
  Own(all[0], 7);
  // The second time each thread keeps what it got.
  void* kept[2][2];
  std::size_t count[2] = {};
  const auto work = [&](int me) {
    for (int i = 0; i < 2; ++i) {
      pool.Give(0, kept[me], count[me]);
      count[me] = pool.Take(0, kept[me], 2);
      for (std::size_t s = 0; s < count[me]; ++s) Own(kept[me][s], me);
      for (std::size_t s = 0; s < count[me]; ++s) CheckOwner(kept[me][s], me);
    }
  };
  Together([&] { work(0); }, [&] { work(1); }, [&] { pool.PurgePages(0, SIZE_MAX); });
  CheckOwner(all[0], 7);
  // Where slots are handed out the pages are back, and the account says so.
  std::size_t out = 1;
  for (const int thread : {0, 1}) {
    for (std::size_t s = 0; s < count[thread]; ++s) all[out++] = kept[thread][s];
  }
  ASHLAR_REQUIRE(pool.Take(0, all + out, slots - out) == slots - out);
  ASHLAR_REQUIRE(slab_class.purged_bytes.Get() == 0);
  pool.Give(0, all, slots);
  ASHLAR_REQUIRE(pool.SlotsOut(0) == 0);
  pool.Trim(0);
  ASHLAR_REQUIRE(slab_class.slabs.Get() == 0);
}

// The only free slots of a class that has its one slab lie on a page that is purged: they can be
// had nevertheless.
void TheLastFreeSlotsArePurged() {
  internal::ArenaList<Concurrent>& arenas = internal::SystemArenas();
  internal::SlabClass<Concurrent> slab_class;
  internal::SlabPool<Concurrent> pool;
  const std::size_t slot_bytes = arenas.first()->backing().page_bytes / 2;
  slab_class.geometry = internal::MakeSlotGeometry(slot_bytes, arenas.geometry());
  slab_class.max_slabs = 1;
  pool.Initialize(&arenas, &slab_class, 1, false);
  void* all[16];
  const std::size_t slots = slab_class.geometry.slots;
  ASHLAR_REQUIRE(slots <= 16 && pool.Take(0, all, slots) == slots);
  // The two of one page last.
  std::sort(all, all + slots);
  ASHLAR_REQUIRE(internal::AddressOf(all[slots - 2]) % (2 * slot_bytes) == 0);
  pool.Give(0, all + slots - 2, 2);
  Together([&] { pool.PurgePages(0, SIZE_MAX); },
           [&] {
             ASHLAR_REQUIRE(pool.Take(0, all + slots - 2, 1) == 1);
             Own(all[slots - 2], 1);
           });
  pool.Give(0, all, slots - 1);
  ASHLAR_REQUIRE(pool.SlotsOut(0) == 0);
  pool.Trim(0);
  ASHLAR_REQUIRE(slab_class.slabs.Get() == 0);
}

// Nobody waits for a thread that has stopped, but where a slab is made or retired.
void SlotsAreTakenWithoutWaiting() {
  Pool pool(Object::kBytes, 1, 1);
  void* others[2];
  ASHLAR_REQUIRE(pool.pool.Take(0, others, 2) == 2);
  const auto work = [&](int me) {
    for (int i = 0; i < 2; ++i) TakeAndGive(pool, me, 2);
  };
  Together([&] { work(1); }, [&] { work(2); });
}

constexpr Scenario kScenarios[] = {
    {"SlotsAreTakenAndGiven", SlotsAreTakenAndGiven, 3000},
    {"WordsLieInTheSlab", WordsLieInTheSlab, 3000},
    {"TheOnlySlabIsFullAndEmpty", TheOnlySlabIsFullAndEmpty<0>, 3000},
    {"TheOnlySlabIsKept", TheOnlySlabIsFullAndEmpty<1>, 3000},
    {"TheLastSlotOfASlabIsTakenAsAnotherComes", TheLastSlotOfASlabIsTakenAsAnotherComes, 3000},
    {"ASlotComesAsItsSlabIsFull", ASlotComesAsItsSlabIsFull, 3000},
    {"AClassHasNoMoreThanItsLimit", AClassHasNoMoreThanItsLimit, 3000},
    {"MemoryOfARetiredSlabIsReused", MemoryOfARetiredSlabIsReused, 2000},
    {"WordsOfARetiredSlabAreReused", WordsOfARetiredSlabAreReused, 2000},
    {"EmptySlabsAreTrimmedAmidTraffic", EmptySlabsAreTrimmedAmidTraffic, 3000},
    {"SlotsAreReservedByTwo", SlotsAreReservedByTwo, 3000},
    {"ASlotIsGivenByTwo", ASlotIsGivenByTwo, 100, Oracle::kEnds},
    {"FreePagesOfSlabsArePurged", FreePagesOfSlabsArePurged, 1000},
    {"TheLastFreeSlotsArePurged", TheLastFreeSlotsArePurged, 1000},
    {"SlotsAreTakenWithoutWaiting", SlotsAreTakenWithoutWaiting, 2000, Oracle::kStopped},
};

}  // namespace

std::span<const Scenario> SlabScenarios() { return kScenarios; }

}  // namespace ashlar::stress
