#include "ashlar/internal/slab/slab_pool.h"

#include <algorithm>
#include <bit>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/sync/id_source.h"

namespace ashlar::internal {
namespace {

// Owners of concurrent slabs are told apart for as long as the process runs.
constinit IdSource g_owners;

// Single-threaded pools share nothing, a counter included: a class is known by where it stands.
template <ThreadingModel Model>
std::uint64_t NewOwners([[maybe_unused]] const SlabClass<Model>* classes,
                        [[maybe_unused]] std::uint32_t count) {
  if constexpr (std::same_as<Model, SingleThreaded>) {
    static_assert(sizeof(SlabClass<Model>) == 128, "owners of one pool are consecutive");
    return AddressOf(classes) / sizeof(SlabClass<Model>) & SlabState<Model>::kMaxOwner;
  } else {
    return g_owners.Next(count);
  }
}

}  // namespace

template <ThreadingModel Model>
void SlabPool<Model>::Initialize(ArenaList<Model>* arenas, Class* classes,
                                 std::uint32_t class_count, bool mapped) {
  arenas_ = arenas;
  classes_ = classes;
  class_count_ = class_count;
  mapped_ = mapped;
  first_owner_ = NewOwners(classes, class_count);
}

// ---- Taking ---------------------------------------------------------------------------------

template <ThreadingModel Model>
std::size_t SlabPool<Model>::Take(std::uint32_t size_class, void** slots, std::size_t want) {
  Class& cls = classes_[size_class];
  const std::size_t promised = cls.free.Draw(want);
  const std::size_t taken = promised > 0 ? Collect(size_class, slots, promised)
                                         : GrowAndTake(size_class, slots, want);
  // A low-water mark: a guess is enough for the purge that reads it.
  const auto left = static_cast<std::int64_t>(cls.free.Get());
  if (left < cls.low_free.Get()) cls.low_free.Set(left);
  std::reverse(slots, slots + taken);
  return taken;
}

// The promise was drawn: so many bits are set, somewhere.
template <ThreadingModel Model>
std::size_t SlabPool<Model>::Collect(std::uint32_t size_class, void** slots,
                                     std::size_t promised) {
  std::size_t got = 0;
  while (true) {
    for (Holding* holding = holdings_.Get(); holding != nullptr; holding = holding->next) {
      const SlabSet<Model> set = SetOf(*holding, size_class);
      for (std::size_t unit = 0; got < promised && set.FindFrom(unit, &unit); ++unit) {
        got += CollectFrom(size_class, *holding, unit, slots + got, promised - got);
      }
    }
    if (got == promised) return got;
    // Others took what this round was to find, and gave other slots; or somebody stopped between
    // taking a slab off the set and putting it back.
    RepairSets(size_class);
  }
}

template <ThreadingModel Model>
std::size_t SlabPool<Model>::CollectFrom(std::uint32_t size_class, Holding& holding,
                                         std::size_t unit, void** slots, std::size_t want) {
  const Class& cls = classes_[size_class];
  Arena& arena = *holding.arena;
  SlabRecord<Model>& record = RecordAt(arena, unit);
  if (!record.state.TryRetain(OwnerOf(size_class), want)) {
    LookAgain(size_class, holding, unit);  // a stale bit
    return 0;
  }
  const Place place{&arena, unit, arena.AddressOfUnit(unit), &record};
  const std::size_t got = ClaimBits(cls, record, place.slab, slots, want);
  if (record.purged.Get() != 0) ClaimPages(classes_[size_class], place, slots, got);
  const FreeWord<Model>* words = record.Words(cls.geometry, place.slab);
  const bool is_full = std::all_of(words, words + cls.geometry.words,
                                   [](const FreeWord<Model>& word) { return word.Guess() == 0; });
  if (is_full) LookAgain(size_class, holding, unit);
  if (got < want) LetGo(size_class, place, want - got);
  return got;
}

template <ThreadingModel Model>
std::size_t SlabPool<Model>::ClaimBits(const Class& cls, SlabRecord<Model>& record,
                                       std::uintptr_t slab, void** slots, std::size_t want) {
  FreeWord<Model>* words = record.Words(cls.geometry, slab);
  std::size_t got = 0;
  for (std::uint32_t w = 0; w < cls.geometry.words && got < want; ++w) {
    std::uint64_t guess = words[w].Guess();
    while (guess != 0 && got < want) {
      const std::uint64_t wish = LowestSetBits(guess, static_cast<unsigned>(want - got));
      guess &= ~wish;
      for (std::uint64_t mine = words[w].Take(wish); mine != 0; mine &= mine - 1) {
        const auto slot = w * 64 + static_cast<std::uint32_t>(std::countr_zero(mine));
        slots[got++] = PointerTo(slab + cls.geometry.OffsetOf(slot));
      }
    }
  }
  return got;
}

// Takes `unit` off the set, and puts it back if the slab is ours and has a free slot after all.
template <ThreadingModel Model>
void SlabPool<Model>::LookAgain(std::uint32_t size_class, Holding& holding, std::size_t unit) {
  const SlabSet<Model> set = SetOf(holding, size_class);
  set.Remove(unit);
  SlabRecord<Model>& record = RecordAt(*holding.arena, unit);
  if (!record.state.TryRetain(OwnerOf(size_class), 1)) return;
  const Place place{holding.arena, unit, holding.arena->AddressOfUnit(unit), &record};
  const SlotGeometry& geometry = classes_[size_class].geometry;
  const FreeWord<Model>* words = record.Words(geometry, place.slab);
  if (std::any_of(words, words + geometry.words,
                  [](const FreeWord<Model>& word) { return word.Look() != 0; })) {
    set.Insert(unit);
  }
  LetGo(size_class, place, 1);
}

// ---- Growing --------------------------------------------------------------------------------

template <ThreadingModel Model>
std::size_t SlabPool<Model>::GrowAndTake(std::uint32_t size_class, void** slots,
                                         std::size_t want) {
  Class& cls = classes_[size_class];
  std::size_t promised = 0;
  std::size_t taken = 0;
  arenas_->Serve(cls.geometry.slab_bytes, cls.geometry.slab_bytes, [&] {
    // Somebody else may have grown, or given, meanwhile; under the lock "none" is the truth.
    promised = cls.free.Draw(want);
    return promised > 0 || HasAllSlabs(cls) || MakeSlabLocked(size_class, slots, want, &taken);
  });
  return promised > 0 ? Collect(size_class, slots, promised) : taken;
}

// A slab without taking from it; false: it may not be, or there is no memory.
template <ThreadingModel Model>
bool SlabPool<Model>::MakeSlab(std::uint32_t size_class) {
  const Class& cls = classes_[size_class];
  bool is_made = false;
  arenas_->Serve(cls.geometry.slab_bytes, cls.geometry.slab_bytes, [&] {
    if (HasAllSlabs(cls)) return true;  // no memory would help
    std::size_t taken;
    is_made = MakeSlabLocked(size_class, nullptr, 0, &taken);
    return is_made;
  });
  return is_made;
}

// From the arenas that there are. The class may have one slab more.
template <ThreadingModel Model>
bool SlabPool<Model>::MakeSlabLocked(std::uint32_t size_class, void** slots, std::size_t want,
                                     std::size_t* taken) {
  Class& cls = classes_[size_class];
  const SlotGeometry& geometry = cls.geometry;
  // An arena without room for the slab and the pool's table makes way for the next. The table comes
  // first, so that what is left of an arena stays one run.
  typename ArenaList<Model>::Run run;
  Holding* holding = nullptr;
  for (Arena* arena = arenas_->first(); arena != nullptr && run.arena == nullptr;
       arena = arena->next) {
    holding = HoldingOf(*arena);
    Holding* fresh = holding == nullptr ? NewHoldingLocked(*arena) : nullptr;
    if (holding == nullptr && fresh == nullptr) continue;
    run = arenas_->TakeFromLocked(*arena, Arena::Part::kSlabs, geometry.slab_bytes,
                                  geometry.slab_bytes);
    if (fresh == nullptr) continue;
    if (run.arena != nullptr) {
      holding = fresh;
      ListLocked(*fresh);
    } else {
      arenas_->GiveTableLocked(*arena, fresh);
    }
  }
  if (run.arena == nullptr) return false;
  const std::size_t unit = run.arena->UnitOf(run.start);
  SlabRecord<Model>& record = RecordAt(*run.arena, unit);
  FreeWord<Model>* words = record.Words(geometry, run.start);
  UnpoisonMemory(words, geometry.words_in_slab() ? geometry.first_offset : 0);
  PoisonMemory(PointerTo(run.start + geometry.first_offset),
               geometry.slab_bytes - geometry.first_offset);
  const std::size_t mine = std::min<std::size_t>(want, geometry.slots);
  for (std::uint32_t w = 0; w < geometry.words; ++w) {
    const std::size_t left = mine - std::min<std::size_t>(mine, w * 64);
    const auto below = static_cast<unsigned>(std::min<std::size_t>(64, left));
    words[w].Initialize(geometry.FullWord(w) & ~LowBits(below));
    if constexpr (kChecked) words[geometry.words + w].Initialize(0);
  }
  for (std::uint32_t slot = 0; slot < mine; ++slot) {
    slots[slot] = PointerTo(run.start + geometry.OffsetOf(slot));
  }
  record.pool = this;
  record.size_class = size_class;
  record.purged.Initialize();
  if (mapped_) {
    for (std::size_t u = 0; u < geometry.slab_bytes >> run.arena->geometry().unit_shift; ++u) {
      run.arena->class_of(unit + u).Set(static_cast<std::uint8_t>(size_class));
    }
  }
  holding->first_unit.Set(std::min(holding->first_unit.Get(), unit));
  holding->end_unit.Set(std::max(holding->end_unit.Get(), unit + 1));
  record.state.Publish(OwnerOf(size_class), 1 + mine);
  cls.slabs.Add(1);
  if (mine < geometry.slots) {
    SetOf(*holding, size_class).Insert(unit);
    cls.free.Grant(geometry.slots - mine);
  }
  *taken = mine;
  return true;
}

template <ThreadingModel Model>
typename SlabPool<Model>::Holding* SlabPool<Model>::HoldingOf(const Arena& arena) const {
  Holding* holding = holdings_.Get();
  while (holding != nullptr && holding->arena != &arena) holding = holding->next;
  return holding;
}

template <ThreadingModel Model>
std::size_t SlabPool<Model>::HoldingBytes(const Arena& arena) const {
  const std::size_t words = arena.set_shape().total_words * class_count_;
  return sizeof(Holding) + words * sizeof(typename SlabSet<Model>::Word);
}

// On no list yet. Null: the arena has no room for it.
template <ThreadingModel Model>
typename SlabPool<Model>::Holding* SlabPool<Model>::NewHoldingLocked(Arena& arena) {
  void* table = arenas_->TakeTableLocked(arena, HoldingBytes(arena));
  if (table == nullptr) return nullptr;
  auto* holding = static_cast<Holding*>(table);  // the words are zero: empty sets
  holding->arena = &arena;
  holding->first_unit.Set(arena.units());
  return holding;
}

template <ThreadingModel Model>
void SlabPool<Model>::ListLocked(Holding& holding) {
  holding.next = holdings_.Get();
  holdings_.Publish(&holding);
  const PageRuns& runs = holding.arena->runs(Arena::Part::kTables);
  const std::size_t pages = runs.PagesFor(HoldingBytes(*holding.arena));
  table_bytes_.Add(static_cast<std::int64_t>(pages << runs.page_shift()));
}

template <ThreadingModel Model>
void SlabPool<Model>::PrepareArenas() {
  const LockGuard<Model> guard(arenas_->lock());
  for (Arena* arena = arenas_->first(); arena != nullptr; arena = arena->next) {
    if (!arena->IsInOnePart() || HoldingOf(*arena) != nullptr) continue;
    if (Holding* fresh = NewHoldingLocked(*arena)) ListLocked(*fresh);
  }
}

// ---- Giving ---------------------------------------------------------------------------------

template <ThreadingModel Model>
typename SlabPool<Model>::Place SlabPool<Model>::PlaceOf(std::uint32_t size_class,
                                                         std::uintptr_t address) const {
  Arena* arena = arenas_->Find(address);
  const std::uintptr_t slab =
      RoundDown(address, static_cast<std::size_t>(classes_[size_class].geometry.slab_bytes));
  if (arena == nullptr || slab < arena->base() || !arena->HasUnit(slab)) return {};
  const std::size_t unit = arena->UnitOf(slab);
  return {arena, unit, slab, &RecordAt(*arena, unit)};
}

template <ThreadingModel Model>
std::uint32_t SlabPool<Model>::SlotOf(const Place& place, const SlotGeometry& geometry,
                                      std::uintptr_t address) const {
  const std::size_t offset = address - place.slab;
  if (offset >= geometry.first_offset) {
    const std::uint32_t slot = geometry.SlotAt(offset);
    if (slot < geometry.slots && geometry.OffsetOf(slot) == offset) return slot;
  }
  Fail(Failure::kForeignPointer, PointerTo(address));
}

template <ThreadingModel Model>
void SlabPool<Model>::Give(std::uint32_t size_class, void* const* slots, std::size_t count) {
  struct Visit {
    Place place;
    std::uint64_t slots;
  };
  constexpr std::size_t kMostVisits = 64;
  Class& cls = classes_[size_class];
  while (count > 0) {
    Visit visits[kMostVisits];
    std::size_t visit_count = 0;
    const std::size_t batch = std::min(count, kMostVisits);
    std::uint32_t word = 0;
    std::uint64_t bits = 0;
    const auto flush = [&] {
      if (bits != 0) GiveBits(size_class, visits[visit_count - 1].place, word, bits);
      bits = 0;
    };
    for (std::size_t i = 0; i < batch; ++i) {
      const std::uintptr_t address = AddressOf(slots[i]);
      if (visit_count == 0 ||
          address - visits[visit_count - 1].place.slab >= cls.geometry.slab_bytes) {
        flush();
        const Place place = PlaceOf(size_class, address);
        if (!Owns(place, size_class)) Fail(Failure::kForeignPointer, slots[i]);
        visits[visit_count++] = {place, 0};
      }
      Visit& visit = visits[visit_count - 1];
      const std::uint32_t slot = SlotOf(visit.place, cls.geometry, address);
      if (slot / 64 != word) flush();
      word = slot / 64;
      if ((bits & Bit(slot % 64)) != 0) Fail(Failure::kDoubleFree, slots[i]);
      bits |= Bit(slot % 64);
      ++visit.slots;
    }
    flush();
    cls.free.Grant(batch);
    for (std::size_t i = 0; i < visit_count; ++i) {
      LetGo(size_class, visits[i].place, visits[i].slots);
    }
    slots += batch;
    count -= batch;
  }
}

template <ThreadingModel Model>
void SlabPool<Model>::GiveBits(std::uint32_t size_class, const Place& place, std::uint32_t word,
                               std::uint64_t bits) {
  const SlotGeometry& geometry = classes_[size_class].geometry;
  const std::uint64_t before = place.record->Words(geometry, place.slab)[word].Give(bits);
  if ((before & bits) != 0) {
    const auto slot = word * 64 + static_cast<std::uint32_t>(std::countr_zero(before & bits));
    Fail(Failure::kDoubleFree, PointerTo(place.slab + geometry.OffsetOf(slot)));
  }
  if (before == 0) SetOf(*HoldingOf(*place.arena), size_class).Insert(place.unit);
}

template <ThreadingModel Model>
void SlabPool<Model>::LetGo(std::uint32_t size_class, const Place& place, std::uint64_t count) {
  if (place.record->state.Release(count) == 1) {
    RetireIfEmpty(size_class, place, classes_[size_class].keep_empty_slabs);
  }
}

// ---- Retiring -------------------------------------------------------------------------------

// Retires the slab if it is empty and the class keeps `keep` slabs' worth of free slots without it.
// Returns the bytes that went back.
template <ThreadingModel Model>
std::size_t SlabPool<Model>::RetireIfEmpty(std::uint32_t size_class, const Place& place,
                                           std::uint64_t keep) {
  Class& cls = classes_[size_class];
  const std::uint64_t slots = cls.geometry.slots;
  const std::uint64_t floor = keep > UINT64_MAX / slots ? UINT64_MAX - slots : keep * slots;
  if (cls.free.Get() < floor + slots) return 0;
  const LockGuard<Model> guard(arenas_->lock());
  if (!cls.free.DrawAbove(slots, floor)) return 0;
  if (!place.record->state.TryRetire(OwnerOf(size_class))) {
    cls.free.Grant(slots);
    return 0;
  }
  SetOf(*HoldingOf(*place.arena), size_class).Remove(place.unit);
  Forget(size_class, place);
  return cls.geometry.slab_bytes;
}

// The slab's memory is the caller's alone: back to the arena with it. Under the lock.
template <ThreadingModel Model>
void SlabPool<Model>::Forget(std::uint32_t size_class, const Place& place) {
  Class& cls = classes_[size_class];
  if (mapped_) {
    const std::size_t units = cls.geometry.slab_bytes >> place.arena->geometry().unit_shift;
    for (std::size_t u = 0; u < units; ++u) place.arena->class_of(place.unit + u).Set(0);
  }
  const auto purged = static_cast<std::size_t>(std::popcount(place.record->purged.Get())) *
                      place.arena->backing().page_bytes;
  cls.purged_bytes.Subtract(static_cast<std::int64_t>(purged));
  cls.slabs.Subtract(1);
  UnpoisonMemory(PointerTo(place.slab), cls.geometry.slab_bytes);
  arenas_->GiveLocked(*place.arena, Arena::Part::kSlabs, place.slab);
}

template class SlabPool<Concurrent>;
template class SlabPool<SingleThreaded>;

}  // namespace ashlar::internal
