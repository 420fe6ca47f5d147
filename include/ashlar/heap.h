// heap.h - Heap: bytes of any size and alignment, from any thread.
//
//   ashlar::SystemMemory system;
//   ashlar::Heap heap(system);                      // grows with the process's memory
//   void* p = heap.Allocate(100);                   // null when there is none
//   heap.Free(p);                                   // from any thread
//
//   ashlar::Heap region_heap;                       // or, in two phases, over the caller's bytes
//   region_heap.AddMemory(bytes, sizeof bytes);     // more can be added at any time
//
// What it is    sizes to 16 KiB (to 1 or 4 KiB over small regions) are rounded to size classes and
//               served like a SlabCache's objects: magazines, depot, slabs. Larger ones are runs of
//               pages. Memory flows: an empty slab is pages again, for any class or run.
// Rounding      at most 12.5 % of the class above 112 bytes; below that, to multiples of 16. Runs
//               are rounded to pages (4 KiB; 512 bytes to 1 KiB over small regions).
// Alignment     16 bytes, or any power of two that is asked for.
// Life          its blocks end with it: they need not be freed. Destruction waits for threads that
//               are inside a slow path of the heap for others; nobody may call it any more.
// Threads       any member from any thread at any time, the first AddMemory() included.
// Progress      Allocate and Free of classed sizes are lock-free, but for slow paths that hold a
//               lock and so may wait for another thread (blocking paths): a slab is made or
//               retired; a thread calls for the first time, or needs a magazine more; the upkeep of
//               all containers is due (each 100 ms, in some thread's slow path); a request finds no
//               memory. Runs, AddMemory, FlushThread, Trim and Statistics are blocking throughout.
//               A source is called with no lock held.
// Failure       null, and nothing has changed: no memory, sizes beyond PTRDIFF_MAX, alignments that
//               are no power of two, a heap without memory. A source that had nothing is asked
//               again by the next call. Freeing what is no block of this heap ends the process when
//               it is noticed: at once for runs and for addresses in no slab; for slots in checked
//               builds at once, in others when the slot comes home.
// Memory held back: a thread keeps free slots in magazines until it brings them home (FlushThread,
//               its end, or its next slow path after some 100 ms or a recall); those of the last
//               four threads that ended wait for the next thread. A request that finds
//               no memory brings home what this thread, ended threads and the depot have, and
//               recalls the rest.
#ifndef ASHLAR_HEAP_H_
#define ASHLAR_HEAP_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/concepts.h"
#include "ashlar/fixed_region.h"
#include "ashlar/internal/base/configuration.h"
#include "ashlar/internal/heap/large_blocks.h"
#include "ashlar/internal/sizes/size_class.h"
#include "ashlar/internal/slab/magazine_pool.h"
#include "ashlar/internal/slab/thread_table.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/memory_source.h"

namespace ashlar {

struct HeapOptions {
  // Free slots of one class that one magazine of a thread holds at most, up to 62; 0: none, each
  // free goes straight home.
  std::size_t magazine_slots = internal::kMagazineSlots;
  // Empty slabs kept by each class.
  std::size_t keep_empty_slabs = 1;
};

// Bytes. total = used + available; beside calls that are under way each is about right.
struct HeapStatistics {
  std::size_t total_bytes = 0;      // of the heap's memory, without tables; over SystemMemory or a
                                    // shared region: what the heap holds of it
  std::size_t used_bytes = 0;       // of live blocks, as UsableSize() counts them
  std::size_t available_bytes = 0;  // the rest: cached, free in slabs, free in runs, slabs' tails
  std::size_t cached_bytes = 0;     // of it, in magazines and depots
  std::size_t slab_bytes = 0;       // of all slabs
  std::size_t block_bytes = 0;      // of all runs in use as blocks
  std::size_t footprint_bytes = 0;  // slabs and blocks, less what went back to the system
};

class Heap {
 public:
  // Without memory until AddMemory().
  Heap() : Heap(HeapOptions()) {}
  explicit Heap(const HeapOptions& options);
  // Over the process's memory; over a region that it shares with others; over blocks of a source.
  // The source outlives the heap.
  explicit Heap(SystemMemory& system, const HeapOptions& options = {});
  explicit Heap(FixedRegion& region, const HeapOptions& options = {});
  template <MemorySource S>
  explicit Heap(S& source, const HeapOptions& options = {})
      : Heap(internal::SourceReference::To(source), options) {}
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Gives the heap more bytes, which outlive it. A heap over SystemMemory or a shared region takes
  // none: kInvalid.
  AddStatus AddMemory(void* start, std::size_t size_bytes);

  // A block of at least `size_bytes`, which may be 0: still a block of its own.
  [[nodiscard]] void* Allocate(std::size_t size_bytes) noexcept {
    if (size_bytes <= internal::kSmallMax) [[likely]] {
      const unsigned size_class = internal::ClassOfSize(size_bytes);
      if (void* slot = internal::EntryAt(EntryOffset(size_class)).Pop()) [[likely]] {
        return Opened(size_class, slot);
      }
    }
    return AllocateSlow(size_bytes);
  }
  // The same, aligned to `alignment` bytes, a power of two.
  [[nodiscard]] void* Allocate(std::size_t size_bytes, std::size_t alignment) noexcept;
  // The same as Allocate(size_bytes), every byte zero. Fresh pages are not written.
  [[nodiscard]] void* AllocateZeroed(std::size_t size_bytes) noexcept;

  // Ends a block; null: nothing.
  void Free(void* block) noexcept {
    const std::size_t unit = (internal::AddressOf(block) - map_base_.Get()) >> map_shift_.Get();
    if (unit < map_units_.Get()) [[likely]] {
      if (const unsigned size_class = map_.Get()[unit].Get(); size_class != 0) [[likely]] {
        FreeSlot(size_class, block);
        return;
      }
    }
    FreeSlow(block);
  }
  // Ends a block of which the caller knows the size it asked for last (or got: UsableSize()), and
  // the alignment if it asked for one. Checked builds end the process when the block cannot have
  // that size; others take no notice of it.
  void Free(void* block, std::size_t size_bytes) noexcept { Free(block, size_bytes, 1); }
  void Free(void* block, [[maybe_unused]] std::size_t size_bytes,
            [[maybe_unused]] std::size_t alignment) noexcept {
    if constexpr (internal::kChecked) CheckSize(block, size_bytes, alignment);
    Free(block);
  }

  // Makes the block larger or smaller: in place if that can be, else elsewhere with its bytes, by
  // moving pages where the source can. Null: no memory, the block is as it was. A null block: as
  // Allocate(). Alignment beyond 16 is not kept when the block moves.
  [[nodiscard]] void* Reallocate(void* block, std::size_t new_size_bytes) noexcept;

  // The bytes that the block really has; exact. 0 for null. `block` is live.
  [[nodiscard]] std::size_t UsableSize(const void* block) const noexcept;

  [[nodiscard]] HeapStatistics Statistics() noexcept;

  // What lies in the calling thread's magazines, in those of ended threads and in the depots comes
  // home.
  void FlushThread() noexcept;
  // FlushThread(), then empty slabs become pages, and over SystemMemory unused pages go back to
  // the system. Returns the bytes that did so; what did both counts once.
  std::size_t Trim() noexcept;

 private:
  using Class = internal::SlabClass<Concurrent>;
  static const internal::MapByte kNoMap;

  Heap(const internal::SourceReference& source, const HeapOptions& options);

  std::size_t EntryOffset(unsigned size_class) const {
    return first_offset_.Get() + size_class * sizeof(internal::MagazineEntry);
  }
  // A slot on its way out, and on its way in.
  void* Opened(unsigned size_class, void* slot) noexcept {
    if constexpr (internal::kChecked) pool_.MarkLive(size_class, slot);
    internal::UnpoisonMemory(slot, internal::SizeOfClass(size_class));
    return slot;
  }
  void FreeSlot(unsigned size_class, void* slot) noexcept {
    if constexpr (internal::kChecked) pool_.UnmarkLive(size_class, slot);
    internal::PoisonMemory(slot, internal::SizeOfClass(size_class));
    if (!internal::EntryAt(EntryOffset(size_class)).Push(slot)) [[unlikely]] {
      FreeSlotSlow(size_class, slot);
    }
  }

  [[nodiscard]] bool IsReady() noexcept { return ready_.Get() != nullptr || BecomeReady(); }
  [[gnu::noinline, gnu::cold]] bool BecomeReady() noexcept;
  void SetUp();
  void RequireMemory(const void* block) const noexcept;
  unsigned ClassOfBlock(const void* block) const noexcept;
  unsigned ClassFor(std::size_t size_bytes, std::size_t alignment) const noexcept;
  void* AllocateClassed(unsigned size_class) noexcept;
  void* AllocateLarge(std::size_t size_bytes, std::size_t alignment, bool* zeroed) noexcept;
  [[gnu::noinline]] void* AllocateSlow(std::size_t size_bytes) noexcept;
  [[gnu::noinline]] void FreeSlow(void* block) noexcept;
  [[gnu::noinline, gnu::cold]] void FreeSlotSlow(unsigned size_class, void* slot) noexcept;
  std::size_t SlabBytes() const noexcept;
  void CheckSize(const void* block, std::size_t size_bytes, std::size_t alignment) const noexcept;

  // Read by the fast paths; written once, before the first block. Others may free null meanwhile:
  // whatever mixture of old and new words they see, null is in no unit that has a class.
  internal::OwnedWord<std::size_t> first_offset_;  // of class 0's entry; 0: sentinel entries
  internal::OwnedWord<const internal::MapByte*> map_{&kNoMap};  // the class map of the first arena
  internal::OwnedWord<std::uintptr_t> map_base_;
  internal::OwnedWord<std::size_t> map_units_;
  internal::OwnedWord<unsigned> map_shift_{internal::kTinyGeometry.unit_shift};
  unsigned largest_class_ = 0;  // sizes beyond are runs; read by who has seen ready_

  HeapOptions options_;
  internal::ArenaList<Concurrent>* arenas_ = nullptr;  // a shared list, or own_
  internal::Published<Heap, Concurrent> ready_;  // this, once there is memory and it is set up
  internal::MagazinePool pool_;
  internal::LargeBlocks large_;
  internal::ArenaList<Concurrent> own_;
  static_assert(internal::kClasses <= internal::kClearEntries);
  Class classes_[internal::kClasses];
  internal::ClassDepot depots_[internal::kClasses];
};
static_assert(ByteAllocator<Heap>);

}  // namespace ashlar

#endif  // ASHLAR_HEAP_H_
