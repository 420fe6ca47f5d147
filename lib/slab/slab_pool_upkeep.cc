// What a SlabPool does seldom: repair, trim, purge, account, end.
#include <algorithm>
#include <bit>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/slab/slab_pool.h"

namespace ashlar::internal {
namespace {

SlotRange SlotsOnPage(const SlotGeometry& geometry, std::size_t page, std::size_t page_bytes) {
  const std::size_t begin = page * page_bytes;
  const std::size_t last = begin + page_bytes - 1;
  if (last < geometry.first_offset) return {0, 0};
  const std::uint32_t first = begin <= geometry.first_offset ? 0 : geometry.SlotAt(begin);
  return {std::min(first, geometry.slots), std::min(geometry.SlotAt(last) + 1, geometry.slots)};
}

// Pages of a slab that can be purged by themselves and have a bit in the PageMask.
std::size_t PagesOfSlab(const SlotGeometry& geometry, std::size_t page_bytes) {
  const std::size_t pages = geometry.slab_bytes / page_bytes;
  return pages <= 32 && page_bytes <= (std::size_t{64} << 10) ? pages : 0;
}

// Words that the slots of one page of up to 64 KiB can lie in, the smallest slot being 8 bytes.
constexpr std::size_t kMostWordsOfPage = (std::size_t{64} << 10) / 8 / 64 + 2;

// Calls f(word, bits) for each word with slots in [first, end).
template <typename F>
void ForEachWord(SlotRange range, F f) {
  for (std::uint32_t slot = range.first; slot < range.end;) {
    const std::uint32_t bit = slot % 64;
    const std::uint32_t count = std::min(64 - bit, range.end - slot);
    f(slot / 64, LowBits(count) << bit);
    slot += count;
  }
}

}  // namespace

template <ThreadingModel Model>
bool SlabPool<Model>::Reserve(std::uint32_t size_class, std::size_t slots) {
  const Class& cls = classes_[size_class];
  // What can never be is refused before anything is made.
  const std::size_t most = arenas_->grows() ? PTRDIFF_MAX : arenas_->total_bytes();
  const std::uint64_t slabs = DivideUp(slots, cls.geometry.slots);
  if (slabs > cls.max_slabs || slabs > most / cls.geometry.slab_bytes) return false;
  std::size_t made = 0;
  while (cls.free.Get() < slots) {
    if (!MakeSlab(size_class)) {
      RetireEmpty(size_class, made);
      return false;
    }
    ++made;
  }
  return true;
}

// Puts every slab with a free slot into its set: for who was promised a slot and does not find it.
// The promise's grant came after the slab was made, so the units below include it.
template <ThreadingModel Model>
void SlabPool<Model>::RepairSets(std::uint32_t size_class) {
  for (Holding* holding = holdings_.Get(); holding != nullptr; holding = holding->next) {
    const SlotGeometry& geometry = classes_[size_class].geometry;
    const std::size_t end = holding->end_unit.Get();
    for (std::size_t unit = holding->first_unit.Get(); unit < end; ++unit) {
      SlabRecord<Model>& record = RecordAt(*holding->arena, unit);
      if (!record.state.TryRetain(OwnerOf(size_class), 1)) continue;
      const Place place{holding->arena, unit, holding->arena->AddressOfUnit(unit), &record};
      const FreeWord<Model>* words = record.Words(geometry, place.slab);
      if (std::any_of(words, words + geometry.words,
                      [](const FreeWord<Model>& word) { return word.Look() != 0; })) {
        SetOf(*holding, size_class).Insert(unit);
      }
      LetGo(size_class, place, 1);
    }
  }
}

template <ThreadingModel Model>
std::size_t SlabPool<Model>::Trim(std::uint32_t size_class) {
  return RetireEmpty(size_class, SIZE_MAX);
}

// Retires up to `most` empty slabs, highest address first; returns bytes.
template <ThreadingModel Model>
std::size_t SlabPool<Model>::RetireEmpty(std::uint32_t size_class, std::size_t most) {
  std::size_t retired = 0;
  for (Holding* holding = holdings_.Get(); holding != nullptr; holding = holding->next) {
    const SlabSet<Model> set = SetOf(*holding, size_class);
    for (std::size_t unit = holding->arena->units();
         retired < most && set.FindBelow(unit, &unit);) {
      SlabRecord<Model>& record = RecordAt(*holding->arena, unit);
      if (record.state.count() != 1) continue;
      const Place place{holding->arena, unit, holding->arena->AddressOfUnit(unit), &record};
      if (RetireIfEmpty(size_class, place, 0) > 0) ++retired;
    }
  }
  return retired * classes_[size_class].geometry.slab_bytes;
}

// ---- Purging pages inside slabs ---------------------------------------------------------------

template <ThreadingModel Model>
std::size_t SlabPool<Model>::PurgePages(std::uint32_t size_class, std::size_t bytes) {
  std::size_t purged = 0;
  for (Holding* holding = holdings_.Get(); holding != nullptr; holding = holding->next) {
    if (holding->arena->backing().purge == nullptr) continue;
    const SlabSet<Model> set = SetOf(*holding, size_class);
    for (std::size_t unit = holding->arena->units();
         purged < bytes && set.FindBelow(unit, &unit);) {
      purged += PurgeSlab(size_class, *holding, unit);
    }
  }
  return purged;
}

// A purge is an allocation of all slots on a page, and their return: nobody else has them
// meanwhile. The lock is for who finds nothing left: under it he sees these slots back before he
// says so.
template <ThreadingModel Model>
std::size_t SlabPool<Model>::PurgeSlab(std::uint32_t size_class, Holding& holding,
                                       std::size_t unit) {
  Class& cls = classes_[size_class];
  const SlotGeometry& geometry = cls.geometry;
  Arena& arena = *holding.arena;
  SlabRecord<Model>& record = RecordAt(arena, unit);
  const Place place{&arena, unit, arena.AddressOfUnit(unit), &record};
  const std::size_t page_bytes = arena.backing().page_bytes;
  // The head of a slab that keeps its words there is never free.
  const std::size_t first_page = geometry.words_in_slab() ? 1 : 0;
  std::size_t purged = 0;
  std::uint64_t held = 0;
  {
    const LockGuard<Model> guard(arenas_->lock());
    for (std::size_t page = first_page; page < PagesOfSlab(geometry, page_bytes); ++page) {
      if ((record.purged.Get() >> page & 1) != 0) continue;
      const SlotRange range = SlotsOnPage(geometry, page, page_bytes);
      const std::uint32_t count = range.end - range.first;
      if (count == 0 || !cls.free.DrawAbove(count, 0)) continue;
      const bool is_ours = record.state.TryRetain(OwnerOf(size_class), count);
      if (is_ours) {
        held += count;
        if (PurgePage(size_class, place, page, range)) purged += page_bytes;
      }
      cls.free.Grant(count);
      if (!is_ours) break;
    }
  }
  if (held > 0) LetGo(size_class, place, held);
  return purged;
}

// Purges one page if all slots on it are free. The caller holds the slab that often, and a promise
// for each of them.
template <ThreadingModel Model>
bool SlabPool<Model>::PurgePage(std::uint32_t size_class, const Place& place, std::size_t page,
                                const SlotRange& range) {
  const Backing& backing = place.arena->backing();
  FreeWord<Model>* words = place.record->Words(classes_[size_class].geometry, place.slab);
  const std::uint32_t first_word = range.first / 64;
  bool all = true;
  ForEachWord(range, [&](std::uint32_t w, std::uint64_t bits) {
    all = all && (words[w].Guess() & bits) == bits;
  });
  if (!all) return false;
  std::uint64_t got[kMostWordsOfPage] = {};
  ForEachWord(range, [&](std::uint32_t w, std::uint64_t bits) {
    if (!all) return;
    got[w - first_word] = words[w].Take(bits);
    all = got[w - first_word] == bits;
  });
  all = all && backing.purge(PointerTo(place.slab + page * backing.page_bytes), backing.page_bytes);
  if (all) {
    place.record->purged.Add(std::uint32_t{1} << page);
    classes_[size_class].purged_bytes.Add(static_cast<std::int64_t>(backing.page_bytes));
  }
  ForEachWord(range, [&](std::uint32_t w, std::uint64_t) {
    if (got[w - first_word] != 0) GiveBits(size_class, place, w, got[w - first_word]);
  });
  return all;
}

// `slots` were handed out from a slab with purged pages: those that they touch come back.
template <ThreadingModel Model>
void SlabPool<Model>::ClaimPages(Class& cls, const Place& place, void* const* slots,
                                 std::size_t count) {
  const std::size_t page_bytes = place.arena->backing().page_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = AddressOf(slots[i]) - place.slab;
    const auto first = static_cast<unsigned>(offset / page_bytes);
    const auto last = static_cast<unsigned>((offset + cls.geometry.slot_bytes - 1) / page_bytes);
    const auto pages = static_cast<std::uint32_t>(LowBits(last + 1) & ~LowBits(first));
    if ((place.record->purged.Get() & pages) == 0) continue;
    const std::uint32_t back = place.record->purged.Remove(pages);
    cls.purged_bytes.Subtract(static_cast<std::int64_t>(page_bytes) * std::popcount(back));
  }
}

// ---- Accounts and the end -----------------------------------------------------------------------

template <ThreadingModel Model>
std::uint64_t SlabPool<Model>::SlotsOut(std::uint32_t size_class) const {
  const Class& cls = classes_[size_class];
  // In this order: the slabs of all free slots that are seen are seen too, unless they went
  // meanwhile.
  const std::uint64_t free = cls.free.GetAcquired();
  const std::uint64_t all = static_cast<std::uint64_t>(cls.slabs.Get()) * cls.geometry.slots;
  return all > free ? all - free : 0;
}

template <ThreadingModel Model>
void SlabPool<Model>::Abandon() {
  // The lock is held for one slab at a time: others draw from the same arenas meanwhile.
  Holding* holding = holdings_.Get();
  holdings_.Publish(nullptr);
  while (holding != nullptr) {
    Arena& arena = *holding->arena;
    const std::size_t end = holding->end_unit.Get();
    for (std::size_t unit = holding->first_unit.Get(); unit < end; ++unit) {
      SlabRecord<Model>& record = RecordAt(arena, unit);
      const std::uint64_t size_class = record.state.owner() - first_owner_;
      if (size_class >= class_count_) continue;
      const LockGuard<Model> guard(arenas_->lock());
      record.state.Abandon();
      Forget(static_cast<std::uint32_t>(size_class),
             Place{&arena, unit, arena.AddressOfUnit(unit), &record});
    }
    Holding* next = holding->next;
    const LockGuard<Model> guard(arenas_->lock());
    arenas_->GiveTableLocked(arena, holding);
    holding = next;
  }
}

// ---- Live marks of checked builds ---------------------------------------------------------------

template <ThreadingModel Model>
void SlabPool<Model>::MarkLive(std::uint32_t size_class, void* slot) {
  const SlotGeometry& geometry = classes_[size_class].geometry;
  const Place place = PlaceOf(size_class, AddressOf(slot));
  const std::uint32_t index = SlotOf(place, geometry, AddressOf(slot));
  FreeWord<Model>& word = place.record->LiveMarks(geometry, place.slab)[index / 64];
  if ((word.Give(Bit(index % 64)) & Bit(index % 64)) != 0) Fail(Failure::kInvariantBroken, slot);
}

template <ThreadingModel Model>
void SlabPool<Model>::UnmarkLive(std::uint32_t size_class, void* slot) {
  const SlotGeometry& geometry = classes_[size_class].geometry;
  const Place place = PlaceOf(size_class, AddressOf(slot));
  if (!Owns(place, size_class)) Fail(Failure::kForeignPointer, slot);
  const std::uint32_t index = SlotOf(place, geometry, AddressOf(slot));
  FreeWord<Model>& word = place.record->LiveMarks(geometry, place.slab)[index / 64];
  if (word.Take(Bit(index % 64)) == 0) Fail(Failure::kDoubleFree, slot);
}

template class SlabPool<Concurrent>;
template class SlabPool<SingleThreaded>;

}  // namespace ashlar::internal
