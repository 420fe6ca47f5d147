// What a MagazinePool does seldom: flush, recall, upkeep, account, end.
#include <algorithm>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/os/threads.h"
#include "ashlar/internal/slab/magazine_pool.h"
#include "lib/slab/pool_directory.h"

namespace ashlar::internal {
namespace {

constexpr std::int64_t kPurgeFrom = 64 << 10;  // idle free bytes of a class

}  // namespace

// ---- Flushing, upkeep, accounts -----------------------------------------------------------------

void MagazinePool::FlushEntry(ThreadTable& table, std::size_t number) noexcept {
  MagazineEntry& entry = table.entries[number];
  const std::uint32_t size_class =
      static_cast<std::uint32_t>(number - first_offset_ / sizeof(MagazineEntry));
  const std::uintptr_t tops[] = {entry.top.Get(), entry.previous.Get()};
  // Off the entry first: who counts may miss them for a moment, never count them twice.
  entry.limit = 0;
  entry.previous.Set(0);
  entry.top.Set(0);
  entry.bound = 0;
  entry.generation = 0;
  table.ClearUsed(number);
  for (const std::uintptr_t top : tops) {
    if (top == 0) continue;
    Give(size_class, Magazine::At(top)->slots, Magazine::CountAt(top));
    DropMagazine(&table, Magazine::At(top));
  }
}

void MagazinePool::FlushOwn() noexcept {
  if (first_offset_ == 0) return;
  const auto flush = [this](ThreadTable& table) {
    for (std::uint32_t c = 0; c < class_count(); ++c) {
      const std::size_t number = EntryOffset(c) / sizeof(MagazineEntry);
      if (table.IsUsed(number) && table.entries[number].generation == generation_ &&
          table.entries[number].pool == number_) {
        FlushEntry(table, number);
      }
    }
  };
  if (ThreadTable* table = OwnThreadTable()) flush(*table);
  {
    const LockGuard<Concurrent> guard(ThreadsLock());
    for (ThreadTable* table = WarmTablesLocked(); table != nullptr; table = table->next_idle) {
      flush(*table);
    }
  }
  for (std::uint32_t c = 0; c < class_count(); ++c) DrainDepot(c, UINT64_MAX);
}

void MagazinePool::Attend() noexcept {
  if (first_offset_ == 0) return;
  if (ThreadTable* table = OwnThreadTable()) AttendTable(*table);
}

void MagazinePool::Recall() noexcept {
  PoolDirectory::Recall(number_);
}

std::size_t MagazinePool::TrimAll() noexcept {
  std::size_t bytes = 0;
  for (std::uint32_t c = 0; c < class_count(); ++c) {
    if (slab_class(c).geometry.slot_bytes != 0) bytes += Trim(c);
  }
  return bytes;
}

void MagazinePool::Upkeep() noexcept {
  for (std::uint32_t c = 0; c < class_count(); ++c) {
    Class& cls = slab_class(c);
    if (cls.geometry.slot_bytes == 0) continue;
    if (first_offset_ != 0) {
      const std::uintptr_t base = MagazineBase();
      std::uint64_t untaken = 0;
      for (ClassDepot::Shard& shard : depots_[c].shards) {
        const std::int64_t low = std::max<std::int64_t>(shard.low.Get(), 0);
        untaken = std::max(untaken, static_cast<std::uint64_t>(low));
        shard.low.Set(static_cast<std::int64_t>(shard.magazines.TotalSlots(base)));
      }
      if (untaken > 0) DrainDepot(c, untaken);
    }
    const std::int64_t idle = cls.low_free.Get() * cls.geometry.slot_bytes - cls.purged_bytes.Get();
    if (idle >= kPurgeFrom) PurgePages(c, static_cast<std::size_t>(idle));
    cls.low_free.Set(static_cast<std::int64_t>(cls.free.Get()));
  }
}

std::uint64_t MagazinePool::CachedSlots(std::uint32_t size_class) const noexcept {
  if (first_offset_ == 0) return 0;
  std::uint64_t slots = 0;
  const std::uintptr_t base = MagazineBase();
  for (const ClassDepot::Shard& shard : depots_[size_class].shards) {
    slots += shard.magazines.TotalSlots(base);
  }
  const std::size_t number = EntryOffset(size_class) / sizeof(MagazineEntry);
  for (ThreadTable* table = AllThreadTables(); table != nullptr; table = table->next) {
    slots += table->entries[number].SlotCount();
  }
  return slots;
}

bool MagazinePool::IsIdle() const noexcept {
  for (std::uint32_t c = 0; c < class_count(); ++c) {
    if (slab_class(c).geometry.slot_bytes == 0) continue;
    if (SlotsOut(c) > CachedSlots(c)) return false;
  }
  return true;
}

// ---- The end ------------------------------------------------------------------------------------

void MagazinePool::EndWhenIdle() noexcept {
  Lifeline& life = PoolDirectory::record(number_).life;
  // The handle that is being given up kept the pool alive until here.
  if (!life.TryPin(generation_)) Fail(Failure::kInvariantBroken, this);
  life.DeclareEnd();
  // What the pool draws from may go when this call has returned: no bystander stays inside.
  while (life.HasVisitors()) os::YieldProcessor();
  FlushOwn();
  Leave();
}

void MagazinePool::Leave() noexcept {
  Lifeline& life = PoolDirectory::record(number_).life;
  const std::uint32_t generation = generation_;
  const std::uint32_t number = number_;
  while (true) {
    const bool can_end = on_end_ != nullptr && life.IsEnding(generation) && IsIdle();
    switch (life.Unpin()) {
      case Lifeline::Left::kNothingToDo:
        return;
      case Lifeline::Left::kLookAgain:
        if (!life.TryPin(generation)) return;
        break;
      case Lifeline::Left::kLast:
        if (!can_end || !life.TryEnd(generation)) return;
        PoolDirectory::Unlist(number);
        on_end_(owner_);
        return;
    }
  }
}

void MagazinePool::EndNow() noexcept {
  if (number_ == 0) return;
  Lifeline& life = PoolDirectory::record(number_).life;
  if (!life.TryPin(generation_)) Fail(Failure::kInvariantBroken, this);
  life.DeclareEnd();
  static_cast<void>(life.Unpin());
  while (!life.TryEnd(generation_)) os::YieldProcessor();
  PoolDirectory::Unlist(number_);
  number_ = 0;
}

}  // namespace ashlar::internal
