#include "ashlar/internal/slab/slab_cache_core.h"

#include <algorithm>
#include <bit>
#include <new>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kFirstBlock = std::size_t{1} << 20;

template <ThreadingModel Model>
void SetUpClass(SlabClass<Model>& cls, std::size_t slot_bytes, const ArenaGeometry& arena,
                const SlabCacheOptions& options) {
  cls.geometry = MakeSlotGeometry(slot_bytes, arena);
  cls.max_slabs = options.max_bytes == SIZE_MAX ? UINT64_MAX
                                                : options.max_bytes / cls.geometry.slab_bytes;
  cls.keep_empty_slabs = options.keep_empty_slabs;
}

MagazineLimits LimitsFor(const SlabCacheOptions& options, const ArenaGeometry& arena) {
  MagazineLimits limits;
  limits.magazine_slots = options.magazine_slots;
  limits.magazine_bytes = std::min(limits.magazine_bytes, arena.unit_bytes());
  return limits;
}

// What of a core's storage both kinds have in common: a table in the shared arenas; or, for a
// source of its own, one in the first block, whose arena is left in *first_arena.
template <ThreadingModel Model>
void* StorageFor(const CacheGround<Model>& ground, std::size_t size_bytes, Arena** first_arena) {
  if (ground.shared != nullptr) return ground.shared->TakeTable(size_bytes);
  const MemoryBlock block = ground.source.acquire(ground.source.source, kFirstBlock);
  if (block.start == nullptr) return nullptr;
  Arena* arena = Arena::CreateInRegion(block.start, block.size_bytes, kLargeGeometry, Backing());
  if (arena == nullptr) {
    ground.source.release(ground.source.source, block);
    return nullptr;
  }
  PageRuns& runs = arena->runs(Arena::Part::kTables);
  bool zeroed;
  const std::uint32_t page =
      runs.Take(runs.PagesFor(size_bytes), 1, PageRuns::State::kInternal, &zeroed);
  arena->is_from_source = true;
  *first_arena = arena;
  return PointerTo(runs.AddressOfPage(page));
}

template <ThreadingModel Model>
SlabCacheStatistics CommonStatistics(SlabPool<Model>& pool) {
  const SlabClass<Model>& cls = pool.slab_class(0);
  SlabCacheStatistics statistics;
  statistics.slabs = static_cast<std::size_t>(cls.slabs.Get());
  statistics.slots_per_slab = cls.geometry.slots;
  statistics.slot_bytes = cls.geometry.slot_bytes;
  statistics.slab_bytes = cls.geometry.slab_bytes;
  statistics.max_objects =
      cls.max_slabs == UINT64_MAX ? SIZE_MAX : cls.max_slabs * cls.geometry.slots;
  // Beside other threads the two need not belong together.
  const std::size_t slab_bytes = statistics.slabs * cls.geometry.slab_bytes;
  const auto purged =
      static_cast<std::size_t>(std::max<std::int64_t>(cls.purged_bytes.Get(), 0));
  statistics.footprint_bytes = slab_bytes - std::min(slab_bytes, purged);
  statistics.free_objects = cls.free.Get();
  return statistics;
}

// Calls f(), which gives slabs back; returns their bytes.
template <ThreadingModel Model, typename F>
std::size_t BytesThatGo(const SlabClass<Model>& cls, F f) {
  const std::int64_t before = cls.slabs.Get();
  f();
  const std::int64_t gone = std::max<std::int64_t>(before - cls.slabs.Get(), 0);
  return static_cast<std::size_t>(gone) * cls.geometry.slab_bytes;
}

void CompleteStatistics(SlabCacheStatistics& statistics, std::uint64_t out, std::size_t cached) {
  statistics.cached_objects = std::min<std::size_t>(cached, out);
  statistics.live_objects = out - statistics.cached_objects;
}

}  // namespace

constinit LocalMagazine g_no_magazine;
constinit SystemMemory g_system_memory;

// ---- Concurrent ---------------------------------------------------------------------------------

SlabCacheCore<Concurrent>* SlabCacheCore<Concurrent>::Create(
    const CacheGround<Concurrent>& ground, std::size_t slot_bytes,
    const SlabCacheOptions& options) noexcept {
  Arena* first_arena = nullptr;
  void* storage = StorageFor(ground, sizeof(SlabCacheCore), &first_arena);
  if (storage == nullptr) return nullptr;
  auto* core = new (storage) SlabCacheCore(ground.shared);
  ArenaList<Concurrent>* arenas = ground.shared;
  if (arenas == nullptr) {
    core->own_.SetSource(ground.source);
    core->own_.Adopt(first_arena);
    SystemArenas();  // its lock is registered first, and so taken last around a fork
    RegisterForFork(core->own_);
    arenas = &core->own_;
  }
  SetUpClass(core->class_, slot_bytes, arenas->geometry(), options);
  const MagazineLimits limits = LimitsFor(options, arenas->geometry());
  if (core->pool_.Initialize(arenas, &core->class_, &core->depot_, 1, false, limits, &OnEnd,
                             core)) {
    return core;
  }
  core->End();
  return nullptr;
}

void SlabCacheCore<Concurrent>::OnEnd(void* core) { static_cast<SlabCacheCore*>(core)->End(); }

void SlabCacheCore<Concurrent>::End() noexcept {
  if (shared_ != nullptr) {
    ArenaList<Concurrent>* arenas = shared_;
    pool_.Abandon();
    this->~SlabCacheCore();
    arenas->GiveTable(this);
    return;
  }
  // The blocks go as they came, and with the first of them, last, this core.
  UnregisterForFork(own_);
  own_.ReleaseAll();
}

std::size_t SlabCacheCore<Concurrent>::Trim() noexcept {
  return BytesThatGo(class_, [this] {
    pool_.FlushOwn();
    pool_.TrimAll();
  });
}

SlabCacheStatistics SlabCacheCore<Concurrent>::Statistics() noexcept {
  SlabCacheStatistics statistics = CommonStatistics(pool_);
  const std::uint64_t out = pool_.SlotsOut(0);
  std::size_t cached = pool_.CachedSlots(0);
  const LockGuard<Concurrent> guard(pool_.arenas()->lock());
  for (const LocalMagazine* local = locals_; local != nullptr; local = local->next) {
    cached += local->count();
  }
  CompleteStatistics(statistics, out, cached);
  return statistics;
}

void SlabCacheCore<Concurrent>::Join(LocalMagazine* local) noexcept {
  const LockGuard<Concurrent> guard(pool_.arenas()->lock());
  local->next = locals_;
  locals_ = local;
}

void SlabCacheCore<Concurrent>::Part(LocalMagazine* local) noexcept {
  const LockGuard<Concurrent> guard(pool_.arenas()->lock());
  LocalMagazine** link = &locals_;
  while (*link != local) link = &(*link)->next;
  *link = local->next;
}

void FreeAnywhere(void* slot, std::size_t slot_bytes) noexcept {
  const std::uintptr_t address = AddressOf(slot);
  Arena* arena = FindRegisteredArena(address);
  if (arena != nullptr) {
    const std::size_t slab_bytes = MakeSlotGeometry(slot_bytes, arena->geometry()).slab_bytes;
    const std::uintptr_t slab = RoundDown(address, slab_bytes);
    if (slab >= arena->base() && arena->HasUnit(slab)) {
      auto* record = static_cast<SlabRecord<Concurrent>*>(arena->record(arena->UnitOf(slab)));
      if (record->state.owner() != 0) {
        if constexpr (kChecked) record->pool->UnmarkLive(record->size_class, slot);
        PoisonMemory(slot, slot_bytes);
        static_cast<MagazinePool*>(record->pool)->FreeUnheld(record->size_class, slot);
        return;
      }
    }
  }
  Fail(Failure::kForeignPointer, slot);
}

// ---- SingleThreaded -----------------------------------------------------------------------------

SlabCacheCore<SingleThreaded>* SlabCacheCore<SingleThreaded>::Create(
    const CacheGround<SingleThreaded>& ground, std::size_t slot_bytes,
    const SlabCacheOptions& options) noexcept {
  Arena* first_arena = nullptr;
  void* storage = StorageFor(ground, sizeof(SlabCacheCore), &first_arena);
  if (storage == nullptr) return nullptr;
  auto* core = new (storage) SlabCacheCore(ground.shared);
  ArenaList<SingleThreaded>* arenas = ground.shared;
  if (arenas == nullptr) {
    core->own_.SetSource(ground.source);
    core->own_.Adopt(first_arena);
    arenas = &core->own_;
  }
  SetUpClass(core->class_, slot_bytes, arenas->geometry(), options);
  core->pool_.Initialize(arenas, &core->class_, 1, false);
  core->magazine_.SetLimit(LimitsFor(options, arenas->geometry()).SlotsFor(slot_bytes));
  return core;
}

void* SlabCacheCore<SingleThreaded>::AllocateSlow() noexcept {
  // Half a magazine: the next frees have room.
  const std::size_t want = std::max<std::size_t>(magazine_.limit() / 2, 1);
  void* one;
  void** slots = magazine_.limit() > 0 ? magazine_.slots() : &one;
  const std::size_t got = pool_.Take(0, slots, want);
  if (got == 0) return nullptr;
  void* slot = slots[got - 1];
  magazine_.SetCount(static_cast<std::uint32_t>(got - 1));
  return slot;
}

void SlabCacheCore<SingleThreaded>::FreeSlow(void* slot) noexcept {
  // The older half goes home.
  const std::uint32_t count = magazine_.count();
  const std::uint32_t leave = handles_ > 0 ? (count + 1) / 2 : count;
  pool_.Give(0, magazine_.slots(), leave);
  std::move(magazine_.slots() + leave, magazine_.slots() + count, magazine_.slots());
  magazine_.SetCount(count - leave);
  if (!magazine_.Push(slot)) pool_.Give(0, &slot, 1);
  if (handles_ == 0 && pool_.SlotsOut(0) == 0) End();
}

void SlabCacheCore<SingleThreaded>::Release() noexcept {
  if (--handles_ > 0) return;
  Trim();
  magazine_.SetLimit(0);  // each free looks whether it was the last
  if (pool_.SlotsOut(0) == 0) End();
}

std::size_t SlabCacheCore<SingleThreaded>::Trim() noexcept {
  return BytesThatGo(class_, [this] {
    pool_.Give(0, magazine_.slots(), magazine_.count());
    magazine_.SetCount(0);
    pool_.Trim(0);
  });
}

void SlabCacheCore<SingleThreaded>::End() noexcept {
  if (shared_ != nullptr) {
    ArenaList<SingleThreaded>* arenas = shared_;
    pool_.Abandon();
    this->~SlabCacheCore();
    arenas->GiveTable(this);
    return;
  }
  own_.ReleaseAll();  // this core goes with the block released last
}

SlabCacheStatistics SlabCacheCore<SingleThreaded>::Statistics() noexcept {
  SlabCacheStatistics statistics = CommonStatistics(pool_);
  CompleteStatistics(statistics, pool_.SlotsOut(0), magazine_.count());
  return statistics;
}

}  // namespace ashlar::internal
