#include "ashlar/internal/slab/magazine_pool.h"

#include <algorithm>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/os/threads.h"
#include "lib/slab/pool_directory.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kFirstRefill = 256;    // bytes; at most kFirstSlots slots
constexpr std::size_t kFirstSlots = 4;
constexpr std::size_t kMostMagazines = 64;   // of one class in one shard of the depot
constexpr std::size_t kSmallSlot = 512;
// A class is sparse while more than a sixteenth of its slab memory is free, and more than this:
constexpr std::size_t kSparseSmall = std::size_t{1} << 20;
constexpr std::size_t kSparseLarge = std::size_t{256} << 10;

}  // namespace

bool MagazinePool::Initialize(ArenaList<Concurrent>* arenas, Class* classes, ClassDepot* depots,
                              std::uint32_t class_count, bool mapped,
                              const MagazineLimits& limits, void (*on_end)(void* owner),
                              void* owner) {
  SlabPool::Initialize(arenas, classes, class_count, mapped);
  depots_ = depots;
  on_end_ = on_end;
  owner_ = owner;
  for (std::uint32_t c = 0; c < class_count; ++c) {
    const std::size_t slot_bytes = classes[c].geometry.slot_bytes;
    if (slot_bytes == 0 || limits.magazine_slots == 0) continue;
    const std::size_t slots = limits.SlotsFor(slot_bytes);
    depots[c].magazine_slots = static_cast<std::uint32_t>(slots);
    depots[c].first_refill = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(kFirstRefill / slot_bytes, 1, std::min(kFirstSlots, slots)));
    const std::size_t magazines =
        std::clamp<std::size_t>(limits.depot_bytes / (slot_bytes * slots), 2, kMostMagazines);
    depots[c].limit_slots = magazines * slots;
  }
  // Without the process's arena there are no tables and no magazines.
  const bool has_magazines = limits.magazine_slots > 0 && SystemArenas().first() != nullptr;
  PrepareThreadsForFork();
  const LockGuard<Concurrent> guard(ThreadsLock());
  const auto listing = PoolDirectory::ListLocked(this, has_magazines ? class_count : 0);
  number_ = listing.number;
  generation_ = listing.generation;
  first_offset_ = listing.first_entry * sizeof(MagazineEntry);
  return number_ != 0;
}

// ---- Allocate -----------------------------------------------------------------------------------

void* MagazinePool::AllocateSlow(std::uint32_t size_class) noexcept {
  ThreadTable* table = first_offset_ != 0 ? OwnThreadTable() : nullptr;
  if (table == nullptr) return TakeOne(size_class);
  MagazineEntry& entry = table->entry(EntryOffset(size_class));
  // A table taken over from an ended thread may have what we want.
  if (!entry.IsClear() && entry.generation == generation_) {
    if (void* slot = entry.Pop()) return slot;
  }
  AttendTable(*table);
  Attach(*table, entry, size_class);
  entry.was_active = true;
  if (Magazine::CountAt(entry.previous.Get()) > 0) {
    entry.Swap(BoundOf(entry, size_class));
    return entry.Pop();
  }
  return Refill(*table, entry, size_class);
}

// Both magazines are empty, or not there.
void* MagazinePool::Refill(ThreadTable& table, MagazineEntry& entry, std::uint32_t size_class) {
  unsigned count = 0;
  std::uint32_t bound = RaiseBound(entry, size_class);
  if (Magazine* full = PopDepot(size_class, &count)) {
    // The magazine leaves the depot before it shows in the entry: a reader may count it nowhere.
    const std::uintptr_t top = entry.top.Get();
    if (top != 0 && entry.previous.Get() == 0) {
      entry.previous.Set(top);
    } else if (top != 0) {
      DropMagazine(&table, Magazine::At(top));
    }
    bound = std::max<std::uint32_t>(bound, count);
    entry.bound = static_cast<std::uint8_t>(bound);
    entry.limit = full->TopFor(bound);
    entry.top.Set(full->TopFor(count));
    return entry.Pop();
  }
  Magazine* magazine =
      entry.top.Get() != 0 ? Magazine::At(entry.top.Get()) : NewMagazine(&table);
  if (magazine == nullptr) return TakeOne(size_class);
  // Off the entry meanwhile: a source may be asked, what it does may be a slow path of another
  // container in this very thread, and that may flush the entry.
  entry.limit = 0;
  entry.top.Set(0);
  const std::size_t got = Take(size_class, magazine->slots, bound);
  Attach(table, entry, size_class);
  entry.limit = magazine->TopFor(bound);
  entry.top.Set(magazine->TopFor(static_cast<unsigned>(got)));
  return got > 0 ? entry.Pop() : TakeLast(size_class);
}

void* MagazinePool::TakeOne(std::uint32_t size_class) {
  void* slot;
  return Take(size_class, &slot, 1) == 1 ? slot : TakeLast(size_class);
}

// There is no slot and no memory for a slab: what lies in reach comes home, all else is asked for.
void* MagazinePool::TakeLast(std::uint32_t size_class) {
  FlushOwn();
  TrimAll();
  void* slot;
  if (Take(size_class, &slot, 1) == 1) return slot;
  if (first_offset_ != 0) Recall();
  return nullptr;
}

// ---- Free ---------------------------------------------------------------------------------------

void MagazinePool::FreeSlow(std::uint32_t size_class, void* slot) noexcept {
  ThreadTable* table = first_offset_ != 0 ? OwnThreadTable() : nullptr;
  if (table == nullptr || PoolDirectory::record(number_).life.IsEnding(generation_)) {
    Give(size_class, &slot, 1);
    return;
  }
  MagazineEntry& entry = table->entry(EntryOffset(size_class));
  if (!entry.IsClear() && entry.generation == generation_ && entry.Push(slot)) return;
  AttendTable(*table);
  Attach(*table, entry, size_class);
  entry.was_active = true;
  std::uint32_t bound = BoundOf(entry, size_class);
  const std::uintptr_t top = entry.top.Get();
  const std::uintptr_t previous = entry.previous.Get();
  if (previous != 0 && Magazine::CountAt(previous) < bound) {
    entry.Swap(bound);
  } else {
    // What is there is full. An empty magazine comes in front, and if there are two the previous
    // one leaves.
    Magazine* empty = nullptr;
    entry.limit = 0;
    entry.top.Set(0);
    if (top != 0) entry.previous.Set(top);
    if (top != 0 && previous != 0) {
      bound = RaiseBound(entry, size_class);
      empty = Unload(size_class, Magazine::At(previous), Magazine::CountAt(previous));
    }
    if (empty == nullptr) empty = NewMagazine(table);
    if (empty == nullptr) {
      Give(size_class, &slot, 1);
      return;
    }
    entry.limit = empty->TopFor(bound);
    entry.top.Set(empty->TopFor(0));
  }
  if (!entry.Push(slot)) Give(size_class, &slot, 1);
}

// A full magazine goes to the depot: null; or its slots go home: it is empty.
Magazine* MagazinePool::Unload(std::uint32_t size_class, Magazine* magazine, unsigned count) {
  if (PushDepot(size_class, magazine, count)) return nullptr;
  Give(size_class, magazine->slots, count);
  NoteHome(count * slab_class(size_class).geometry.slot_bytes);
  return magazine;
}

void MagazinePool::FreeUnheld(std::uint32_t size_class, void* slot) noexcept {
  // The slot is in use, so the pool has not ended; once it is given it may.
  if (!PoolDirectory::record(number_).life.TryPin(generation_)) {
    Fail(Failure::kForeignPointer, slot);
  }
  FreeSlow(size_class, slot);
  Leave();
}

// ---- Entries and bounds -------------------------------------------------------------------------

// Makes the entry this pool's. If it was another's it is clear: only such are given out.
void MagazinePool::Attach(ThreadTable& table, MagazineEntry& entry, std::uint32_t size_class) {
  if (entry.generation == generation_ && entry.pool == number_) return;
  entry.limit = 0;
  entry.generation = generation_;
  entry.pool = static_cast<std::uint16_t>(number_);
  entry.bound = 0;
  table.SetUsed(EntryOffset(size_class) / sizeof(MagazineEntry));
}

// Slots that one magazine of the thread may have now.
std::uint32_t MagazinePool::BoundOf(MagazineEntry& entry, std::uint32_t size_class) const {
  const ClassDepot& depot = depots_[size_class];
  if (entry.bound == 0) entry.bound = static_cast<std::uint8_t>(depot.first_refill);
  const bool halve = slab_class(size_class).geometry.slot_bytes > kSmallSlot &&
                     entry.bound >= 8 && IsSparse(size_class);
  return halve ? entry.bound / 2U : entry.bound;
}

// A quarter more with each miss, up to the class's own bound.
std::uint32_t MagazinePool::RaiseBound(MagazineEntry& entry, std::uint32_t size_class) const {
  const std::uint32_t bound = BoundOf(entry, size_class);
  const std::uint32_t raised = entry.bound + (entry.bound + 3U) / 4;
  entry.bound = static_cast<std::uint8_t>(std::min(raised, depots_[size_class].magazine_slots));
  return std::max<std::uint32_t>(bound, 1);
}

// Much of the class's slab memory is free: slots should go through the slabs, lowest first, so that
// the live ones gather.
bool MagazinePool::IsSparse(std::uint32_t size_class) const {
  const Class& cls = slab_class(size_class);
  const std::uint64_t free_bytes = cls.free.Get() * cls.geometry.slot_bytes;
  if (free_bytes <= (cls.geometry.slot_bytes > kSmallSlot ? kSparseLarge : kSparseSmall)) {
    return false;
  }
  return free_bytes > static_cast<std::uint64_t>(cls.slabs.Get()) * cls.geometry.slab_bytes / 16;
}

// ---- Depot --------------------------------------------------------------------------------------

Magazine* MagazinePool::PopDepot(std::uint32_t size_class, unsigned* count) {
  if (IsSparse(size_class)) return nullptr;
  const std::uintptr_t base = MagazineBase();
  const unsigned own = os::ProcessorHint();
  for (unsigned i = 0; i < ClassDepot::kShards; ++i) {
    ClassDepot::Shard& shard = depots_[size_class].shards[(own + i) % ClassDepot::kShards];
    Magazine* magazine = shard.magazines.Pop(base, count);
    if (magazine == nullptr) continue;
    const auto left = static_cast<std::int64_t>(shard.magazines.TotalSlots(base));
    if (left < shard.low.Get()) shard.low.Set(left);
    return magazine;
  }
  return nullptr;
}

bool MagazinePool::PushDepot(std::uint32_t size_class, Magazine* magazine, unsigned count) {
  ClassDepot& depot = depots_[size_class];
  ClassDepot::Shard& shard = depot.shards[os::ProcessorHint() % ClassDepot::kShards];
  const std::uintptr_t base = MagazineBase();
  if (shard.magazines.TotalSlots(base) + count > depot.limit_slots || IsSparse(size_class)) {
    return false;
  }
  shard.magazines.Push(base, magazine, count);
  return true;
}

// At least `slots` slots of each shard go home, if there are so many. One magazine at a time under
// the lock: who then finds the depot empty finds at home what lay there.
void MagazinePool::DrainDepot(std::uint32_t size_class, std::uint64_t slots) {
  if (first_offset_ == 0) return;
  const std::uintptr_t base = MagazineBase();
  for (ClassDepot::Shard& shard : depots_[size_class].shards) {
    std::uint64_t left = slots;
    unsigned count = 0;
    while (left > 0) {
      const LockGuard<Concurrent> guard(ThreadsLock());
      Magazine* magazine = shard.magazines.Pop(base, &count);
      if (magazine == nullptr) break;
      Give(size_class, magazine->slots, count);
      DropMagazine(nullptr, magazine);
      left -= std::min<std::uint64_t>(left, count);
    }
  }
}

}  // namespace ashlar::internal
