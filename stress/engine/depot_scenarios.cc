// Magazines, the depot between them, and how a pool ends.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>

#include "ashlar/slab_box.h"
#include "ashlar/slab_cache.h"
#include "lib/slab/pool_directory.h"
#include "stress/engine/ground.h"
#include "stress/engine/scenario.h"

namespace ashlar::stress {
namespace {

using Cache = SlabCache<Object>;

constexpr SlabCacheOptions kOneSlot{.keep_empty_slabs = 0, .magazine_slots = 1};
constexpr SlabCacheOptions kNoMagazines{.keep_empty_slabs = 0, .magazine_slots = 0};
constexpr SlabCacheOptions kBounded{.max_bytes = 2 * Object::kSlabBytes, .magazine_slots = 2};

Object* NewOwned(Cache& cache, int owner) {
  Object* object = cache.New();
  ASHLAR_REQUIRE(object != nullptr);
  object->owner = owner;
  return object;
}

void DeleteOwned(Cache& cache, Object* object, int owner) {
  ASHLAR_REQUIRE(object->owner == owner);
  cache.Delete(object);
}

// `n` objects, alive together.
template <std::size_t kCount>
void NewAndDelete(Cache& cache, int owner) {
  Object* objects[kCount];
  for (Object*& object : objects) object = NewOwned(cache, owner);
  for (Object* object : objects) DeleteOwned(cache, object, owner);
}

void ExpectExactCounts(const Cache& cache) {
  const SlabCacheStatistics s = cache.Statistics();
  ASHLAR_REQUIRE(s.live_objects == 0);
  ASHLAR_REQUIRE(s.cached_objects + s.free_objects == s.slabs * s.slots_per_slab);
}

// All slots of a bounded cache, which nobody uses, can be had by the caller.
void ExpectEverySlot(Cache& cache) { NewAndDelete<2 * Object::kOfSlab>(cache, 99); }

// ---- Magazines change hands ---------------------------------------------------------------------

void MagazinesGoThroughTheDepot() {
  Region ground;
  {
    Cache cache(ground.region, kOneSlot);
    const auto work = [&](int me) {
      for (int i = 0; i < 2; ++i) NewAndDelete<4>(cache, me);
    };
    Together([&] { work(1); }, [&] { work(2); });
    ExpectExactCounts(cache);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// One makes, the other frees: full magazines travel.
void ObjectsAreFreedByAnotherThread() {
  Region ground;
  {
    Cache cache(ground.region, kOneSlot);
    std::atomic<Object*> hand[4] = {};
    Together(
        [&] {
          for (std::atomic<Object*>& place : hand) {
            place.store(NewOwned(cache, 1), std::memory_order_release);
          }
          for (int i = 0; i < 2; ++i) NewAndDelete<2>(cache, 3);
        },
        [&] {
          for (std::atomic<Object*>& place : hand) {
            Object* object = nullptr;
            while (object == nullptr) object = place.load(std::memory_order_acquire);
            DeleteOwned(cache, object, 1);
          }
        });
    ExpectExactCounts(cache);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// One goes for slots as another brings home what lies in the depot.
void TheDepotIsDrainedAmidTraffic() {
  Region ground;
  Cache cache(ground.region, kOneSlot);
  NewAndDelete<5>(cache, 9);  // leaves three magazines in the depot
  const auto work = [&](int me) {
    for (int i = 0; i < 2; ++i) NewAndDelete<3>(cache, me);
  };
  Together([&] { work(1); }, [&] { work(2); }, [&] { cache.Trim(); });
  ExpectExactCounts(cache);
}

// A bounded cache: what is on its way from the depot to its slab can be had.
void WhatIsDrainedCanBeHad() {
  Region ground;
  Cache cache(ground.region, {.max_bytes = Object::kSlabBytes, .magazine_slots = 1});
  NewAndDelete<Object::kOfSlab>(cache, 9);  // two here, two in the depot
  std::thread trimmer([&] { cache.Trim(); });
  NewAndDelete<Object::kOfSlab>(cache, 1);
  trimmer.join();
  ExpectExactCounts(cache);
}

// A bounded cache: what is free in other threads' magazines is asked for, and comes.
void MagazinesAreRecalled() {
  Region ground;
  Cache cache(ground.region, kBounded);
  NewAndDelete<2>(cache, 1);  // one magazine here, full
  Together([&] { cache.RecallMagazines(); }, [&] { cache.RecallMagazines(); },
           [&] { NewAndDelete<1>(cache, 2); });
  // What was taken over from the ended thread may lie here as well.
  internal::AttendTable(*internal::OwnThreadTable());
  ASHLAR_REQUIRE(cache.Statistics().live_objects == 0);
}

// The asker and the one who is asked at once: whatever he has seen, the next slow path brings home
// what lies in his magazines.
void ARecallIsNotOverlooked() {
  Region ground;
  Cache cache(ground.region, kBounded);
  Cache other(ground.region, kBounded);
  NewAndDelete<2>(cache, 1);
  std::thread asker([&] { cache.RecallMagazines(); });
  internal::AttendTable(*internal::OwnThreadTable());
  asker.join();
  internal::AttendTable(*internal::OwnThreadTable());
  ASHLAR_REQUIRE(cache.Statistics().cached_objects == 0);
}

// ---- Threads end --------------------------------------------------------------------------------

void AThreadEndsWithSlotsInItsMagazines() {
  Region ground;
  Cache cache(ground.region, kBounded);
  Together([&] { NewAndDelete<2>(cache, 1); }, [&] { NewAndDelete<2>(cache, 2); });
  ExpectEverySlot(cache);
  ExpectExactCounts(cache);
}

// More threads at once than tables keep their magazines: the last ones bring theirs home.
void NestedThreads(Cache& cache, int depth) {
  NewAndDelete<1>(cache, depth);
  if (depth > 1) std::thread([&] { NestedThreads(cache, depth - 1); }).join();
}

void ManyThreadsEndWithSlotsInTheirMagazines() {
  Region ground;
  {
    Cache cache(ground.region, kBounded);
    std::thread([&] { NestedThreads(cache, 6); }).join();
    ExpectEverySlot(cache);
    ExpectExactCounts(cache);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// A thread ends, its table full of an ended thread's magazines goes to the next, as others empty
// the tables of ended threads.
void TablesOfEndedThreadsAreVisited() {
  Region ground;
  Cache cache(ground.region, kOneSlot);
  const auto use = [&](int me) { NewAndDelete<2>(cache, me); };
  std::thread([&] { use(1); }).join();
  Together([&] { use(2); }, [&] { use(3); }, [&] { cache.Trim(); });
  ExpectExactCounts(cache);
  cache.Trim();
  ASHLAR_REQUIRE(cache.Statistics().slabs == 0);
}

// ---- Caches end ---------------------------------------------------------------------------------

// Handles go while another thread has magazines; the bytes are used for something else as soon as
// the region says so.
void TheLastHandleGoesAsOthersEnd() {
  Region ground;
  std::optional<Cache> cache(std::in_place, ground.region, kOneSlot);
  std::thread other([&, handle = *cache]() mutable { NewAndDelete<3>(handle, 1); });
  NewAndDelete<2>(*cache, 2);
  cache.reset();
  ground.UseBytesIfIdle();
  other.join();
  ASHLAR_REQUIRE(ground.region.IsIdle());
  ground.UseBytesIfIdle();
}

// No handle is left, the last two objects go at once.
template <std::size_t kMagazineSlots>
void TheLastObjectsGoAtOnce() {
  Region ground;
  SlabBox<Object> boxes[2];
  {
    Cache cache(ground.region, {.keep_empty_slabs = 0, .magazine_slots = kMagazineSlots});
    for (SlabBox<Object>& box : boxes) box = cache.Make();
  }
  Together([&] { boxes[0].reset(); }, [&] { boxes[1].reset(); }, [&] { ground.UseBytesIfIdle(); });
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// The last handle and the last object go at once.
template <std::size_t kMagazineSlots>
void TheLastHandleAndTheLastObjectGoAtOnce() {
  Region ground;
  std::optional<Cache> cache(std::in_place, ground.region,
                             SlabCacheOptions{.magazine_slots = kMagazineSlots});
  SlabBox<Object> box = cache->Make();
  Together([&] { box.reset(); }, [&] { cache.reset(); }, [&] { ground.UseBytesIfIdle(); });
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// A thread remembers a magazine of a cache that ended; the next cache is another.
void AMagazineOfAnEndedCacheIsDropped() {
  Region ground;
  std::optional<Cache> first(std::in_place, ground.region, kBounded);
  NewAndDelete<1>(*first, 1);  // its slot stays in this thread's magazine
  std::optional<Cache> second;
  Object* object = nullptr;
  std::thread([&] {
    first.reset();
    ASHLAR_REQUIRE(ground.IsIdleAlready());
    second.emplace(ground.region, kBounded);
    object = NewOwned(*second, 2);
  }).join();
  NewAndDelete<2>(*second, 3);
  DeleteOwned(*second, object, 2);
  ExpectEverySlot(*second);
}

// A thread with magazines of a cache acts on its end as the cache ends and its bytes are reused.
void AnEndedCacheIsNotTouched() {
  Region ground;
  std::optional<Cache> cache(std::in_place, ground.region, kOneSlot);
  std::thread other([&, handle = *cache]() mutable {
    NewAndDelete<2>(handle, 1);
    { const Cache gone = std::move(handle); }
    internal::AttendTable(*internal::OwnThreadTable());
    internal::FlushTable(*internal::OwnThreadTable());
  });
  cache.reset();
  ground.UseBytesIfIdle();
  other.join();
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// Upkeep visits all pools while one of them ends.
void UpkeepVisitsACacheThatEnds() {
  Region ground;
  std::optional<Cache> cache(std::in_place, ground.region, kOneSlot);
  NewAndDelete<4>(*cache, 1);
  Together([&] { internal::PoolDirectory::UpkeepAll(); },
           [&] {
             cache.reset();
             ground.UseBytesIfIdle();
           });
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// The cache lies in a block of its source, which is freed with it, by whoever comes last.
void TheBlocksOfAnEndedCacheAreFreed() {
  HeapSource source;
  std::optional<Cache> cache(std::in_place, source, kOneSlot);
  ASHLAR_REQUIRE(cache->IsValid());
  SlabBox<Object> box = cache->Make();
  ASHLAR_REQUIRE(box);
  std::thread other([handle = *cache]() mutable {
    NewAndDelete<2>(handle, 1);
    { const Cache gone = std::move(handle); }
    internal::AttendTable(*internal::OwnThreadTable());
  });
  Together([&] { box.reset(); }, [&] { cache.reset(); });
  other.join();
}

// The same for two objects without a handle.
void TheBlocksOfTheLastObjectsAreFreed() {
  HeapSource source;
  SlabBox<Object> boxes[2];
  {
    Cache cache(source, kNoMagazines);
    for (SlabBox<Object>& box : boxes) box = cache.Make();
  }
  Together([&] { boxes[0].reset(); }, [&] { boxes[1].reset(); });
}

// Two threads with a handle that has a magazine of its own, and one that counts.
void LocalHandlesComeAndGo() {
  Region ground;
  {
    Cache cache(ground.region, {.keep_empty_slabs = 0, .magazine_slots = 2});
    std::thread([&] { NestedThreads(cache, 3); }).join();  // leaves tables for those that follow
    const auto work = [&](int me) {
      Cache::Local local(cache);
      Object* objects[3];
      for (Object*& object : objects) {
        object = local.New();
        ASHLAR_REQUIRE(object != nullptr);
        object->owner = me;
      }
      for (Object* object : objects) {
        ASHLAR_REQUIRE(object->owner == me);
        local.Delete(object);
      }
    };
    Together([&] { work(1); }, [&] { work(2); }, [&] { static_cast<void>(cache.Statistics()); });
    ExpectExactCounts(cache);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// Two caches over one region, each of which could use all of it.
void TwoCachesShareARegion() {
  Region ground;
  {
    Cache first(ground.region, kNoMagazines);
    SlabCache<long> second(ground.region, kNoMagazines);
    Together(
        [&] {
          for (int i = 0; i < 2; ++i) NewAndDelete<3>(first, 1);
        },
        [&] {
          for (int i = 0; i < 4; ++i) {
            long* object = second.New(i);
            ASHLAR_REQUIRE(object != nullptr && *object == i);
            second.Delete(object);
          }
        },
        [&] { NewAndDelete<2>(first, 3); });
    ExpectExactCounts(first);
    ASHLAR_REQUIRE(second.Statistics().live_objects == 0);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// Handles are copied and dropped by several threads.
void HandlesAreCounted() {
  Region ground;
  {
    Cache cache(ground.region, kNoMagazines);
    Object* object = NewOwned(cache, 1);
    const auto copy = [handle = cache] {
      const Cache another = handle;
      const Cache third = another;
    };
    Together(copy, copy);
    DeleteOwned(cache, object, 1);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// Nobody waits for a thread that has stopped, but on the paths that are documented to block.
void ObjectsAreMadeWithoutWaiting() {
  Region ground;
  Cache cache(ground.region, {.keep_empty_slabs = 4, .magazine_slots = 1});
  static_cast<void>(cache.Reserve(3 * Object::kOfSlab));
  const auto work = [&](int me) { NewAndDelete<4>(cache, me); };
  Together([&] { work(1); }, [&] { work(2); });
}

constexpr Scenario kScenarios[] = {
    {"MagazinesGoThroughTheDepot", MagazinesGoThroughTheDepot, 1500},
    {"ObjectsAreFreedByAnotherThread", ObjectsAreFreedByAnotherThread, 1500},
    {"TheDepotIsDrainedAmidTraffic", TheDepotIsDrainedAmidTraffic, 1500},
    {"WhatIsDrainedCanBeHad", WhatIsDrainedCanBeHad, 1500},
    {"MagazinesAreRecalled", MagazinesAreRecalled, 1500},
    {"ARecallIsNotOverlooked", ARecallIsNotOverlooked, 1500},
    {"AThreadEndsWithSlotsInItsMagazines", AThreadEndsWithSlotsInItsMagazines, 1500},
    {"ManyThreadsEndWithSlotsInTheirMagazines", ManyThreadsEndWithSlotsInTheirMagazines, 500},
    {"TablesOfEndedThreadsAreVisited", TablesOfEndedThreadsAreVisited, 1500},
    {"TheLastHandleGoesAsOthersEnd", TheLastHandleGoesAsOthersEnd, 1500},
    {"TheLastObjectsGoAtOnce", TheLastObjectsGoAtOnce<0>, 1500},
    {"TheLastObjectsGoIntoMagazines", TheLastObjectsGoAtOnce<1>, 1500},
    {"TheLastHandleAndObjectGoAtOnce", TheLastHandleAndTheLastObjectGoAtOnce<0>, 1500},
    {"TheLastHandleGoesAsAMagazineGetsTheObject", TheLastHandleAndTheLastObjectGoAtOnce<1>, 1500},
    {"AMagazineOfAnEndedCacheIsDropped", AMagazineOfAnEndedCacheIsDropped, 1000},
    {"AnEndedCacheIsNotTouched", AnEndedCacheIsNotTouched, 1500},
    {"UpkeepVisitsACacheThatEnds", UpkeepVisitsACacheThatEnds, 1500},
    {"TheBlocksOfAnEndedCacheAreFreed", TheBlocksOfAnEndedCacheAreFreed, 400},
    {"TheBlocksOfTheLastObjectsAreFreed", TheBlocksOfTheLastObjectsAreFreed, 400},
    {"LocalHandlesComeAndGo", LocalHandlesComeAndGo, 1500},
    {"TwoCachesShareARegion", TwoCachesShareARegion, 1500},
    {"HandlesAreCounted", HandlesAreCounted, 1500},
    {"ObjectsAreMadeWithoutWaiting", ObjectsAreMadeWithoutWaiting, 300, Oracle::kStopped},
};

}  // namespace

std::span<const Scenario> DepotScenarios() { return kScenarios; }

}  // namespace ashlar::stress
