// slab_pool.h - slots of one or several sizes, from slabs, for any thread; without magazines.
//
// A pool owns slabs in the arenas of one ArenaList. Each of its classes has slots of one size. A
// slab belongs to one class until its last slot is home and it is retired. Taking and giving slots
// is lock-free; making and retiring a slab holds the list's lock (a documented blocking path).
//
// How a slot is taken: draw a promise from the class's Allowance; find the lowest slab that may
// have a free slot (SlabSet); hold the slab (SlabState); claim bits (FreeWord). And given back: set
// the bit (a bit already set is a double free); if the word was 0 put the slab in the set; grant
// the slot to the Allowance; let go of the slab; if that leaves an empty slab, retire it, or keep
// it.
//
// Price of the counts: one locked operation on the SlabState and one on the Allowance for each
// batch of slots from or to one slab, beside the one on the word itself; magazines make batches of
// dozens.
//
//   invariant  slots handed out = slabs * slots - allowance (while no call is under way)
#ifndef ASHLAR_INTERNAL_SLAB_SLAB_POOL_H_
#define ASHLAR_INTERNAL_SLAB_SLAB_POOL_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/internal/slab/slab_record.h"
#include "ashlar/internal/slab/slot_geometry.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/internal/sync/allowance.h"
#include "ashlar/internal/sync/published.h"
#include "ashlar/internal/sync/slab_set.h"
#include "ashlar/internal/sync/tally.h"

namespace ashlar::internal {

// One size of slots. The geometry is read by all; the counts are written by all, on a line of
// their own.
template <ThreadingModel Model>
struct SlabClass {
  SlotGeometry geometry;
  std::uint64_t max_slabs = UINT64_MAX;
  std::uint64_t keep_empty_slabs = 1;

  alignas(64) Allowance<Model> free;  // slots in slabs, promised to nobody
  Tally<Model> slabs;
  Tally<Model> purged_bytes;          // of free slots, given back to the system
  Tally<Model> low_free;              // the least `free` since the last purge looked
};

// The slots of a slab that touch one of its pages.
struct SlotRange {
  std::uint32_t first;
  std::uint32_t end;
};

template <ThreadingModel Model>
class SlabPool {
 public:
  using Class = SlabClass<Model>;

  // Where a slot lies; found from its address. No initialisers: Give() has arrays of it.
  struct Place {
    Arena* arena;      // null: the address is in no slab
    std::size_t unit;  // the first of the slab
    std::uintptr_t slab;
    SlabRecord<Model>* record;
  };

  constexpr SlabPool() = default;
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // `classes` has `class_count` entries, number 0 unused by heaps; geometries and limits are set.
  // `mapped`: the class map tells the class of each of the pool's slabs. Before any other call.
  void Initialize(ArenaList<Model>* arenas, Class* classes, std::uint32_t class_count, bool mapped);

  // Takes up to `want` slots of the class, lowest address last, so that it is popped first.
  // 0 only if no slot was free and no slab could be made, at one instant during the call.
  [[nodiscard]] std::size_t Take(std::uint32_t size_class, void** slots, std::size_t want);

  // Gives back slots of the class. Ends the process if one is free already or is none of the
  // pool's.
  void Give(std::uint32_t size_class, void* const* slots, std::size_t count);

  // Makes slabs until `slots` slots of the class lie free; false if there was no memory for all:
  // what was made is gone again then.
  [[nodiscard]] bool Reserve(std::uint32_t size_class, std::size_t slots);
  // Retires every empty slab of the class; returns bytes.
  std::size_t Trim(std::uint32_t size_class);
  // Gives the memory of whole free pages inside slabs back to the system, `bytes` at most, highest
  // address first; returns bytes. The slots stay free.
  std::size_t PurgePages(std::uint32_t size_class, std::size_t bytes);

  // Makes the tables for every arena there is in which slabs could come to stand in their way; what
  // fails is tried again when it is needed.
  void PrepareArenas();
  // Bytes of those tables, in whole pages.
  std::size_t table_bytes() const { return static_cast<std::size_t>(table_bytes_.Get()); }

  // Ends all slabs at once, whatever is out, and gives the tables back. Nobody uses the pool or its
  // slots any more.
  void Abandon();

  // Slots handed out (in magazines or in use). Exact when no call is under way, as for who is alone
  // inside a pool that ends; else it may err either way: free slots and slabs are read one after
  // the other, and between the two a slab may come or go.
  [[nodiscard]] std::uint64_t SlotsOut(std::uint32_t size_class) const;

  [[nodiscard]] Place PlaceOf(std::uint32_t size_class, std::uintptr_t address) const;
  // The slot that begins at `address`; ends the process if there is none in that place.
  std::uint32_t SlotOf(const Place& place, const SlotGeometry& geometry,
                       std::uintptr_t address) const;

  // Checked builds: a live mark for each slot. Ends the process on a second free.
  void MarkLive(std::uint32_t size_class, void* slot);
  void UnmarkLive(std::uint32_t size_class, void* slot);

  Class& slab_class(std::uint32_t size_class) { return classes_[size_class]; }
  const Class& slab_class(std::uint32_t size_class) const { return classes_[size_class]; }
  std::uint32_t class_count() const { return class_count_; }
  ArenaList<Model>* arenas() const { return arenas_; }
  bool Owns(const Place& place, std::uint32_t size_class) const {
    return place.arena != nullptr && place.record->state.owner() == OwnerOf(size_class);
  }

 private:
  // The pool's sets over one arena: for each class one SlabSet, interleaved.
  struct Holding {
    Arena* arena;
    Holding* next;
    // All of the pool's slabs ever made here begin in these units. Written under the list's lock.
    OwnedWord<std::size_t> first_unit;
    OwnedWord<std::size_t> end_unit;

    typename SlabSet<Model>::Word* table() {
      return reinterpret_cast<typename SlabSet<Model>::Word*>(this + 1);
    }
  };

  std::uint64_t OwnerOf(std::uint32_t size_class) const { return first_owner_ + size_class; }
  SlabSet<Model> SetOf(Holding& holding, std::uint32_t size_class) const {
    return SlabSet<Model>(holding.table(), holding.arena->set_shape(), class_count_, size_class);
  }
  SlabRecord<Model>& RecordAt(Arena& arena, std::size_t unit) const {
    return *static_cast<SlabRecord<Model>*>(arena.record(unit));
  }

  std::size_t Collect(std::uint32_t size_class, void** slots, std::size_t promised);
  std::size_t CollectFrom(std::uint32_t size_class, Holding& holding, std::size_t unit,
                          void** slots, std::size_t want);
  std::size_t ClaimBits(const Class& cls, SlabRecord<Model>& record, std::uintptr_t slab,
                        void** slots, std::size_t want);
  void ClaimPages(Class& cls, const Place& place, void* const* slots, std::size_t count);
  void LookAgain(std::uint32_t size_class, Holding& holding, std::size_t unit);
  std::size_t RetireEmpty(std::uint32_t size_class, std::size_t most);
  void RepairSets(std::uint32_t size_class);
  std::size_t GrowAndTake(std::uint32_t size_class, void** slots, std::size_t want);
  static bool HasAllSlabs(const Class& cls) {
    return static_cast<std::uint64_t>(cls.slabs.Get()) >= cls.max_slabs;
  }
  [[nodiscard]] bool MakeSlab(std::uint32_t size_class);
  Holding* HoldingOf(const Arena& arena) const;
  std::size_t HoldingBytes(const Arena& arena) const;
  Holding* NewHoldingLocked(Arena& arena);
  void ListLocked(Holding& holding);
  [[nodiscard]] bool MakeSlabLocked(std::uint32_t size_class, void** slots, std::size_t want,
                                    std::size_t* taken);
  std::size_t RetireIfEmpty(std::uint32_t size_class, const Place& place, std::uint64_t keep);
  void Forget(std::uint32_t size_class, const Place& place);
  std::size_t PurgeSlab(std::uint32_t size_class, Holding& holding, std::size_t unit);
  bool PurgePage(std::uint32_t size_class, const Place& place, std::size_t page,
                 const SlotRange& range);
  void GiveBits(std::uint32_t size_class, const Place& place, std::uint32_t word,
                std::uint64_t bits);
  void LetGo(std::uint32_t size_class, const Place& place, std::uint64_t count);

  ArenaList<Model>* arenas_ = nullptr;
  Class* classes_ = nullptr;
  std::uint32_t class_count_ = 0;
  bool mapped_ = false;
  std::uint64_t first_owner_ = 0;  // owner 0 is nobody
  Published<Holding, Model> holdings_;
  Tally<Model> table_bytes_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SLAB_SLAB_POOL_H_
