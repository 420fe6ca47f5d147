// slab_cache.h - SlabCache<T>: objects of one type, from any thread, without locks.
//
//   ashlar::SlabCache<Packet> packets;                // a handle; copies are handles to the same
//   Packet* p = packets.New(header, length);          // null when there is no memory
//   packets.Delete(p);                                // from any thread
//   ashlar::SlabBox<Packet> box = packets.Make(...);  // owns; freed without a handle
//
// What it is    free slots lie in arrays, one a thread (magazines); whole arrays change threads in
//               one atomic step (the depot); behind that are slabs with lock-free free sets.
//               New and Delete are some 20 instructions together, without an atomic
//               read-modify-write, and touch neither the slot nor its slab.
// Life          the cache lives while any handle or any object lives. The last one out returns all
//               memory, before its call returns: blocks to the source, else pages to the region or
//               to the process's range. Objects may outlive all handles: they then go straight to
//               their slabs, and what other threads have in magazines stays there until the end.
// Threads       Concurrent: any member from any thread at any time; but one and the same handle is
//               assigned to, moved from and destroyed while nobody else uses it. SingleThreaded: one
//               thread at a time, no atomic read-modify-write at all, memory of its own.
// Progress      New and Delete are lock-free, but for short locks: of the arenas, where a slab is
//               made or retired (once in some hundred objects); of the process's threads, at the
//               first call of a thread, for a fresh magazine (once in some sixty Deletes, while
//               their number grows), at upkeep (one call in some 100 ms) and where nothing is left;
//               and for whatever the source does. Freeing by address alone (slab_box.h) over a
//               region or a source takes one more, of the process. The last handle waits for
//               threads that tidy up in the cache. All other members but Allocate and Free take
//               locks.
// Failure       "no memory" is null, an empty box or false; nothing has changed. A double free or a
//               foreign pointer ends the process (failure.h): exactly in checked builds; in others
//               when the slot comes back to its slab twice.
// Limits        4,030 concurrent caches with magazines at once; up to 16,383 in all.
// Not           sized for arrays of T; not a garbage collector: objects alive at the end of the
//               program are not destroyed.
#ifndef ASHLAR_SLAB_CACHE_H_
#define ASHLAR_SLAB_CACHE_H_

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "ashlar/fixed_region.h"
#include "ashlar/internal/base/configuration.h"
#include "ashlar/internal/slab/slab_cache_core.h"
#include "ashlar/memory_source.h"
#include "ashlar/slab_box.h"
#include "ashlar/threading_model.h"

namespace ashlar {

template <typename T, ThreadingModel Model = Concurrent>
class SlabCache {
 public:
  // Bytes from one slot to the next; a multiple of T's alignment. At least 8.
  static constexpr std::size_t kSlotBytes = internal::SlotBytesOf<T>();

  // A new cache over the process's memory. No handle is empty but by failure: IsValid().
  SlabCache() : SlabCache(SlabCacheOptions()) {}
  explicit SlabCache(const SlabCacheOptions& options) : SlabCache(SystemGround(), options) {}

  // A new cache over a region that several caches may share, or over a source of blocks. The source
  // outlives the cache (its last handle and object).
  explicit SlabCache(BasicFixedRegion<Model>& region, const SlabCacheOptions& options = {})
      : SlabCache(Ground{&region.arenas(), {}}, options) {}
  template <MemorySource S>
  explicit SlabCache(S& source, const SlabCacheOptions& options = {})
      : SlabCache(Ground{nullptr, internal::SourceReference::To(source)}, options) {}
  explicit SlabCache(SystemMemory&, const SlabCacheOptions& options = {}) : SlabCache(options) {}

  // Another handle to the same cache.
  SlabCache(const SlabCache& other) noexcept : core_(other.core_), offset_(other.offset_) {
    if (core_ != nullptr) core_->Retain();
  }
  SlabCache(SlabCache&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)), offset_(std::exchange(other.offset_, 0)) {}
  SlabCache& operator=(SlabCache other) noexcept {
    std::swap(core_, other.core_);
    std::swap(offset_, other.offset_);
    return *this;
  }
  ~SlabCache() {
    if (core_ != nullptr) core_->Release();
  }

  // False: the source had no memory for the cache itself (or the handle was moved from). New() then
  // answers null.
  [[nodiscard]] bool IsValid() const { return core_ != nullptr; }

  // Constructs an object; null when there is no memory. What the constructor throws passes through,
  // and the slot is free again. O(1).
  template <typename... Arguments>
  [[nodiscard]] T* New(Arguments&&... arguments) {
    void* slot = Allocate();
    if (slot == nullptr) [[unlikely]] return nullptr;
    // The arguments may take this very handle along: the slot is then what keeps the cache alive.
    return internal::ConstructAt<T>(
        slot, [deleter = Deleter()](void* s) { deleter.Free(static_cast<T*>(s)); },
        std::forward<Arguments>(arguments)...);
  }

  // Destroys an object of this cache and frees its slot; null: nothing. O(1).
  void Delete(T* object) noexcept {
    if (object == nullptr) return;
    object->~T();
    Free(object);
  }

  // An owning box around a new object; empty when there is no memory.
  template <typename... Arguments>
  [[nodiscard]] SlabBox<T, Model> Make(Arguments&&... arguments) {
    const auto deleter = Deleter();  // first: the arguments may take this very handle along
    return SlabBox<T, Model>::Adopt(New(std::forward<Arguments>(arguments)...), deleter);
  }
  // Frees objects of this cache, for unique_ptr, shared_ptr and SlabBox::Adopt.
  [[nodiscard]] SlabDelete<T, Model> Deleter() const {
    if constexpr (std::same_as<Model, Concurrent>) {
      return {};
    } else {
      return SlabDelete<T, Model>(core_);
    }
  }

  // A slot without an object in it: kSlotBytes bytes, aligned for T. Null when there is no memory.
  [[nodiscard]] void* Allocate() noexcept {
    void* slot = Magazine().Pop();
    if (slot == nullptr) [[unlikely]] {
      slot = AllocateSlow();
      if (slot == nullptr) return nullptr;
    }
    if constexpr (internal::kChecked) core_->pool().MarkLive(0, slot);
    internal::UnpoisonMemory(slot, kSlotBytes);
    return slot;
  }

  // Frees a slot of this cache, with no object in it.
  void Free(void* slot) noexcept {
    if constexpr (internal::kChecked) core_->pool().UnmarkLive(0, slot);
    internal::PoisonMemory(slot, kSlotBytes);
    if (!Magazine().Push(slot)) [[unlikely]] FreeSlow(slot);
  }

  // Destroys and frees an object of any Concurrent cache of T, by its address alone.
  static void DeleteAnywhere(T* object) noexcept
    requires std::same_as<Model, Concurrent>
  {
    SlabDelete<T, Model>()(object);
  }

  // Makes slabs until `objects` slots lie free in slabs; false if memory or max_bytes did not
  // allow. Beside other threads: so many lay free at one instant during the call.
  [[nodiscard]] bool Reserve(std::size_t objects) {
    return core_ != nullptr && core_->pool().Reserve(0, objects);
  }
  // Makes every empty slab pages again, keep_empty_slabs or not, after bringing home what lies in
  // the calling thread's magazines, those of ended threads, and the depot. Returns the bytes by
  // which the cache shrank.
  std::size_t Trim() noexcept { return core_ != nullptr ? core_->Trim() : 0; }
  // Asks the other threads for the slots in their magazines: each brings them home when it next
  // enters a slow path of any container. New() does so itself when it finds nothing.
  void RecallMagazines() noexcept
    requires std::same_as<Model, Concurrent>
  {
    if (core_ != nullptr) core_->pool().Recall();
  }

  [[nodiscard]] SlabCacheStatistics Statistics() const {
    return core_ != nullptr ? core_->Statistics() : SlabCacheStatistics();
  }

  friend bool operator==(const SlabCache& a, const SlabCache& b) { return a.core_ == b.core_; }

  class Local;

 private:
  using Core = internal::SlabCacheCore<Model>;
  using Ground = internal::CacheGround<Model>;

  SlabCache(const Ground& ground, const SlabCacheOptions& options)
      : core_(Core::Create(ground, kSlotBytes, options)) {
    // Here and not above: a T may hold handles to the cache of its kind.
    static_assert(alignof(T) <= (std::size_t{1} << 20), "alignment beyond what slabs are made for");
    static_assert(kSlotBytes <= (std::size_t{1} << 26), "too large for a slab: use Heap");
    static_assert(kSlotBytes % alignof(T) == 0);
    if constexpr (std::same_as<Model, Concurrent>) {
      if (core_ != nullptr) offset_ = core_->pool().EntryOffset(0);
    }
  }

  static Ground SystemGround() {
    if constexpr (std::same_as<Model, Concurrent>) {
      return Ground{&internal::SystemArenas(), {}};
    } else {
      return Ground{nullptr, internal::SourceReference::To(internal::g_system_memory)};
    }
  }

  auto& Magazine() {
    if constexpr (std::same_as<Model, Concurrent>) {
      return internal::EntryAt(offset_);
    } else {
      return *magazine();
    }
  }
  internal::LocalMagazine* magazine() {
    return core_ != nullptr ? &core_->magazine() : &internal::g_no_magazine;
  }

  [[gnu::noinline, gnu::cold]] void* AllocateSlow() noexcept {
    if (core_ == nullptr) return nullptr;
    if constexpr (std::same_as<Model, Concurrent>) {
      return core_->pool().AllocateSlow(0);
    } else {
      return core_->AllocateSlow();
    }
  }
  [[gnu::noinline, gnu::cold]] void FreeSlow(void* slot) noexcept {
    if constexpr (std::same_as<Model, Concurrent>) {
      core_->pool().FreeSlow(0, slot);
    } else {
      core_->FreeSlow(slot);
    }
  }

  Core* core_ = nullptr;     // null: moved from, or no memory
  std::size_t offset_ = 0;   // of the cache's entry in a thread's table
};

// A handle for one thread at a time, with a magazine of its own: no thread-local look-up. What lies
// in its magazine stays there until Flush() or its end, whoever asks.
template <typename T, ThreadingModel Model>
class SlabCache<T, Model>::Local {
  static_assert(std::same_as<Model, Concurrent>, "a single-threaded cache is local already");

 public:
  explicit Local(SlabCache cache) : cache_(std::move(cache)) {
    if (cache_.core_ == nullptr) return;
    magazine_.SetLimit(cache_.core_->pool().MagazineSlots(0));
    cache_.core_->Join(&magazine_);
  }
  ~Local() {
    if (cache_.core_ == nullptr) return;
    Flush();
    cache_.core_->Part(&magazine_);
  }
  Local(const Local&) = delete;
  Local& operator=(const Local&) = delete;

  template <typename... Arguments>
  [[nodiscard]] T* New(Arguments&&... arguments) {
    void* slot = Allocate();
    if (slot == nullptr) [[unlikely]] return nullptr;
    return internal::ConstructAt<T>(
        slot, [this](void* s) { Free(s); }, std::forward<Arguments>(arguments)...);
  }
  void Delete(T* object) noexcept {
    if (object == nullptr) return;
    object->~T();
    Free(object);
  }
  [[nodiscard]] void* Allocate() noexcept {
    void* slot = magazine_.Pop();
    if (slot == nullptr) [[unlikely]] {
      slot = Refill();
      if (slot == nullptr) return nullptr;
    }
    if constexpr (internal::kChecked) cache_.core_->pool().MarkLive(0, slot);
    internal::UnpoisonMemory(slot, kSlotBytes);
    return slot;
  }
  void Free(void* slot) noexcept {
    if constexpr (internal::kChecked) cache_.core_->pool().UnmarkLive(0, slot);
    internal::PoisonMemory(slot, kSlotBytes);
    if (!magazine_.Push(slot)) [[unlikely]] FreeSlow(slot);
  }
  // The magazine's slots go home.
  void Flush() noexcept {
    if (magazine_.count() > 0) Drain(magazine_.count());
  }

 private:
  [[gnu::noinline, gnu::cold]] void* Refill() noexcept {
    if (cache_.core_ == nullptr) return nullptr;
    internal::MagazinePool& pool = cache_.core_->pool();
    pool.Attend();
    const std::size_t want = magazine_.limit() / 2;
    const std::size_t got = want > 0 ? pool.Take(0, magazine_.slots(), want) : 0;
    if (got == 0) return pool.TakeOne(0);
    magazine_.SetCount(static_cast<std::uint32_t>(got));
    return magazine_.Pop();
  }
  [[gnu::noinline, gnu::cold]] void FreeSlow(void* slot) noexcept {
    Drain((magazine_.limit() + 1) / 2);
    if (!magazine_.Push(slot)) cache_.core_->pool().Give(0, &slot, 1);
  }
  // The `leave` slots that lie here longest go home.
  void Drain(std::uint32_t leave) noexcept {
    const std::uint32_t count = magazine_.count();
    void* home[internal::kMagazineSlots];
    std::copy(magazine_.slots(), magazine_.slots() + leave, home);
    std::move(magazine_.slots() + leave, magazine_.slots() + count, magazine_.slots());
    magazine_.SetCount(count - leave);  // first: who counts may miss some, never count them twice
    cache_.core_->pool().Give(0, home, leave);
  }

  SlabCache cache_;
  internal::LocalMagazine magazine_;
};

}  // namespace ashlar

#endif  // ASHLAR_SLAB_CACHE_H_
