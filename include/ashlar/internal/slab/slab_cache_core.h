// slab_cache_core.h - what all handles to one SlabCache share, whatever the type of its objects.
//
// The core lives in a table of the cache's own memory source, and goes with the cache.
#ifndef ASHLAR_INTERNAL_SLAB_SLAB_CACHE_CORE_H_
#define ASHLAR_INTERNAL_SLAB_SLAB_CACHE_CORE_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/internal/slab/local_magazine.h"
#include "ashlar/internal/slab/magazine_pool.h"
#include "ashlar/internal/slab/slab_pool.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/internal/sync/handle_count.h"
#include "ashlar/threading_model.h"

namespace ashlar {

struct SlabCacheOptions {
  // Slabs are made up to so many bytes in all; what does not fill a slab is not used.
  std::size_t max_bytes = SIZE_MAX;
  // Empty slabs that stay, against thrash at the boundary; more become pages again, for any cache
  // over the same region or the process's memory. Blocks of a source stay until the cache ends.
  std::size_t keep_empty_slabs = 1;
  // Free slots that one magazine of a thread holds at most (a thread has two), up to 62. 0: each
  // Delete goes straight to the slab, and "none left" is exact for any number of threads.
  std::size_t magazine_slots = internal::kMagazineSlots;
};

// Consistent with each other while no call is under way; else each about right.
struct SlabCacheStatistics {
  std::size_t live_objects = 0;      // handed out and not freed
  std::size_t cached_objects = 0;    // free slots in magazines of threads and in the depot
  std::size_t free_objects = 0;      // free slots in slabs
  std::size_t slabs = 0;
  std::size_t slots_per_slab = 0;    // (live + cached + free) = slabs * slots_per_slab
  std::size_t slot_bytes = 0;
  std::size_t slab_bytes = 0;        // of one slab
  std::size_t max_objects = 0;       // SIZE_MAX: unbounded
  std::size_t footprint_bytes = 0;   // of all slabs, less what went back to the system
};

namespace internal {

// Where a cache draws from: a list of arenas that others share, or a source of its own.
template <ThreadingModel Model>
struct CacheGround {
  ArenaList<Model>* shared = nullptr;
  SourceReference source;
};

template <ThreadingModel Model>
class SlabCacheCore;

template <>
class SlabCacheCore<Concurrent> {
 public:
  // Null when there is no memory for the core, or no more caches can be listed. One handle.
  [[nodiscard]] static SlabCacheCore* Create(const CacheGround<Concurrent>& ground,
                                             std::size_t slot_bytes,
                                             const SlabCacheOptions& options) noexcept;
  SlabCacheCore(const SlabCacheCore&) = delete;
  SlabCacheCore& operator=(const SlabCacheCore&) = delete;

  void Retain() { handles_.Retain(); }
  void Release() noexcept {
    if (handles_.Release()) pool_.EndWhenIdle();
  }

  MagazinePool& pool() { return pool_; }
  std::size_t Trim() noexcept;
  SlabCacheStatistics Statistics() noexcept;

  // LocalMagazines of the cache, for statistics.
  void Join(LocalMagazine* local) noexcept;
  void Part(LocalMagazine* local) noexcept;

 private:
  explicit SlabCacheCore(ArenaList<Concurrent>* shared) : shared_(shared) {}
  ~SlabCacheCore() = default;

  static void OnEnd(void* core);
  void End() noexcept;

  MagazinePool pool_;
  SlabClass<Concurrent> class_;
  ClassDepot depot_;
  HandleCount<Concurrent> handles_;
  ArenaList<Concurrent>* shared_;  // null: own_
  ArenaList<Concurrent> own_;
  LocalMagazine* locals_ = nullptr;  // under the arenas' lock
};

template <>
class SlabCacheCore<SingleThreaded> {
 public:
  [[nodiscard]] static SlabCacheCore* Create(const CacheGround<SingleThreaded>& ground,
                                             std::size_t slot_bytes,
                                             const SlabCacheOptions& options) noexcept;
  SlabCacheCore(const SlabCacheCore&) = delete;
  SlabCacheCore& operator=(const SlabCacheCore&) = delete;

  void Retain() { ++handles_; }
  void Release() noexcept;

  SlabPool<SingleThreaded>& pool() { return pool_; }
  LocalMagazine& magazine() { return magazine_; }
  // What a deleter does; a handle does the same.
  void Free(void* slot, std::size_t slot_bytes) noexcept {
    if constexpr (kChecked) pool_.UnmarkLive(0, slot);
    PoisonMemory(slot, slot_bytes);
    if (!magazine_.Push(slot)) [[unlikely]] FreeSlow(slot);
  }
  [[nodiscard]] void* AllocateSlow() noexcept;
  // Ends the core if the slot was the last one out and no handle is left.
  void FreeSlow(void* slot) noexcept;
  std::size_t Trim() noexcept;
  SlabCacheStatistics Statistics() noexcept;

 private:
  explicit SlabCacheCore(ArenaList<SingleThreaded>* shared) : shared_(shared) {}
  ~SlabCacheCore() = default;
  void End() noexcept;

  SlabPool<SingleThreaded> pool_;
  SlabClass<SingleThreaded> class_;
  LocalMagazine magazine_;
  std::size_t handles_ = 1;
  ArenaList<SingleThreaded>* shared_;
  ArenaList<SingleThreaded> own_;
};

// The magazine of a handle without a cache: empty and full. Never written.
extern constinit LocalMagazine g_no_magazine;
// SystemMemory as a plain source, for single-threaded caches.
extern constinit SystemMemory g_system_memory;

// Frees a slot of a Concurrent cache from its address alone. `slot_bytes` as given to Create().
// Poisons the slot where the build does so.
void FreeAnywhere(void* slot, std::size_t slot_bytes) noexcept;

}  // namespace internal
}  // namespace ashlar

#endif  // ASHLAR_INTERNAL_SLAB_SLAB_CACHE_CORE_H_
