// magazine_pool.h - a SlabPool for many threads, with a magazine for each thread and class before
// it and a depot of whole magazines between.
//
//   Allocate:  own magazine -> own previous magazine -> depot (a whole magazine) -> slabs
//   Free:      own magazine -> own previous magazine -> depot (a whole magazine) -> slabs
//
// Neither fast path touches the slot or its slab; neither has a read-modify-write.
//
// The end. A pool has a number and a generation, kept in a record that is never unmapped. A pool of
// a cache ends when the last handle is gone and no slot is in use: that is, when each slot out lies
// in a magazine. A heap's pool ends with the heap, whatever is out. Who else comes by is told by
// the record (Lifeline):
//
//   bystanders   threads that do upkeep, or bring home or drop what they have of the pool in their
//                tables. They visit; once the generation has passed a magazine is dropped unread.
//                From the declaration of the end on they let the pool be: what lies in their tables
//                stays there, counted, and there is no upkeep.
//   FreeUnheld   pins: the slot that comes home kept the pool alive, and may be the last.
//
// Who gives up the last handle waits for bystanders, and then it or a FreeUnheld, whichever leaves
// last, ends the pool: so that all of it is over when the last of these calls returns, and what the
// pool drew from may go. No other call ends a pool.
//
// Threads   everything from any thread.
// Progress  Allocate and Free are lock-free but for these documented blocking paths: making and
//           retiring slabs (the lock of the arenas); a thread's first call, a magazine that was
//           never used, and where nothing is left (the lock of threads); upkeep, now and then in
//           any slow path (both). EndWhenIdle waits for visitors, EndNow for all who are inside.
#ifndef ASHLAR_INTERNAL_SLAB_MAGAZINE_POOL_H_
#define ASHLAR_INTERNAL_SLAB_MAGAZINE_POOL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ashlar/internal/slab/slab_pool.h"
#include "ashlar/internal/slab/thread_table.h"
#include "ashlar/internal/sync/magazine.h"

namespace ashlar::internal {

// What stands between the magazines and the slabs of one class.
struct ClassDepot {
  static constexpr unsigned kShards = 2;

  std::uint32_t magazine_slots = 0;  // at most; 0: no magazines
  std::uint32_t first_refill = 0;    // slots of a thread's first refill
  std::uint64_t limit_slots = 0;     // that one shard keeps

  struct alignas(64) Shard {
    MagazineStack magazines;
    Tally<Concurrent> low;  // the fewest slots here since the last upkeep
  };
  Shard shards[kShards];
};

struct MagazineLimits {
  static constexpr std::size_t kFewestSlots = 4;  // of a magazine, whatever its bytes

  std::size_t magazine_slots = kMagazineSlots;
  std::size_t magazine_bytes = std::size_t{16} << 10;
  std::size_t depot_bytes = std::size_t{512} << 10;  // a class and shard

  // What a magazine of a class may hold.
  constexpr std::uint32_t SlotsFor(std::size_t slot_bytes) const {
    const std::size_t by_bytes = std::max(magazine_bytes / slot_bytes, kFewestSlots);
    const std::size_t most = std::min<std::size_t>(magazine_slots, kMagazineSlots);
    return static_cast<std::uint32_t>(std::min(by_bytes, most));
  }
};

class MagazinePool : public SlabPool<Concurrent> {
 public:
  constexpr MagazinePool() = default;

  // As SlabPool::Initialize(), with `depots`, one a class. on_end(owner) is called once, by the
  // thread that ends the pool; null: the owner calls EndNow(). False: there are as many pools as
  // can be live at once.
  [[nodiscard]] bool Initialize(ArenaList<Concurrent>* arenas, Class* classes, ClassDepot* depots,
                                std::uint32_t class_count, bool mapped,
                                const MagazineLimits& limits, void (*on_end)(void* owner),
                                void* owner);

  // The offset of the entry of class 0; the class's own lies 32 bytes a class further, but for
  // pools without magazines, where it is 0 for all.
  std::size_t EntryOffset(std::uint32_t size_class) const {
    return first_offset_ + (first_offset_ != 0 ? size_class * sizeof(MagazineEntry) : 0);
  }

  // The fast paths' ways out. A slot or null; nothing else has changed then.
  [[nodiscard]] void* AllocateSlow(std::uint32_t size_class) noexcept;
  // The caller keeps the pool alive (a handle, or a pin).
  void FreeSlow(std::uint32_t size_class, void* slot) noexcept;
  // A slot past all magazines. When slabs have none and none can be made, what lies in reach comes
  // home first: this thread's magazines, those of ended threads, the depot; of threads that look at
  // once none hides these from another. Null: none, and all other threads are asked for theirs.
  [[nodiscard]] void* TakeOne(std::uint32_t size_class);
  // How many slots of the class a magazine may hold.
  std::uint32_t MagazineSlots(std::uint32_t size_class) const {
    return depots_[size_class].magazine_slots;
  }
  // The slot alone keeps the pool alive, up to this call.
  void FreeUnheld(std::uint32_t size_class, void* slot) noexcept;

  // The calling thread's magazines go home, and those of ended threads and of the depot.
  void FlushOwn() noexcept;
  // Asks all threads to bring theirs at their next slow path.
  void Recall() noexcept;
  // Empty slabs back to the arena; returns bytes.
  std::size_t TrimAll() noexcept;
  // For slow paths beside the pool's own: acts on what others asked for, does upkeep when due.
  void Attend() noexcept;
  // Not 0, and no other live pool's.
  std::uint32_t number() const { return number_; }
  // Once in a while: gives back what nobody needed since the last time.
  void Upkeep() noexcept;

  // Slots that lie in magazines, of threads and in the depot. Exact when no call is under way.
  [[nodiscard]] std::uint64_t CachedSlots(std::uint32_t size_class) const noexcept;
  // No slot is in use: each is in a slab or a magazine. Exact when no call is under way, as for who
  // is alone inside and ends the pool; else it may err either way.
  [[nodiscard]] bool IsIdle() const noexcept;

  // The last handle went, the caller's: the pool ends as soon as no slot is in use, perhaps now.
  // Waits for visitors: a documented blocking path.
  void EndWhenIdle() noexcept;
  // Ends the pool whatever is out, waiting for those who are inside. A documented blocking path.
  void EndNow() noexcept;

  // For who finds a magazine of the pool in a table. The caller is inside, or has a handle.
  void FlushEntry(ThreadTable& table, std::size_t number) noexcept;
  // Gives up a pin; ends the pool if its end was declared and can be.
  void Leave() noexcept;

 private:
  bool IsSparse(std::uint32_t size_class) const;
  Magazine* PopDepot(std::uint32_t size_class, unsigned* count);
  bool PushDepot(std::uint32_t size_class, Magazine* magazine, unsigned count);
  void DrainDepot(std::uint32_t size_class, std::uint64_t slots);
  std::uint32_t BoundOf(MagazineEntry& entry, std::uint32_t size_class) const;
  std::uint32_t RaiseBound(MagazineEntry& entry, std::uint32_t size_class) const;
  Magazine* Unload(std::uint32_t size_class, Magazine* magazine, unsigned count);
  void* Refill(ThreadTable& table, MagazineEntry& entry, std::uint32_t size_class);
  void* TakeLast(std::uint32_t size_class);
  void Attach(ThreadTable& table, MagazineEntry& entry, std::uint32_t size_class);
  ClassDepot* depots_ = nullptr;
  std::size_t first_offset_ = 0;  // 0: no magazines
  std::uint32_t number_ = 0;
  std::uint32_t generation_ = 0;
  void (*on_end_)(void* owner) = nullptr;
  void* owner_ = nullptr;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SLAB_MAGAZINE_POOL_H_
