// slab_cache_subject.h - a SlabCache of one type as a subject: it serves requests for sizeof(T).
//
// Objects come and go by every way that the cache offers, in turn: New and Delete, boxes, deletion
// by address alone, raw slots, and a thread's own Local handle. So each way meets objects that
// another way has made. Constructors and destructors are counted.
//
// The holder of a block may write over the object: it has no state but its count.
#ifndef ASHLAR_STRESS_SUBJECT_SLAB_CACHE_SUBJECT_H_
#define ASHLAR_STRESS_SUBJECT_SLAB_CACHE_SUBJECT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ashlar/fixed_region.h"
#include "ashlar/slab_cache.h"
#include "stress/subject/counting_source.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

template <std::size_t kSizeBytes, std::size_t kAlignment>
struct alignas(kAlignment) Parcel {
  // relaxed: a count that is read at quiescence.
  Parcel() { alive.fetch_add(1, std::memory_order_relaxed); }
  ~Parcel() { alive.fetch_sub(1, std::memory_order_relaxed); }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;

  static inline std::atomic<std::int64_t> alive = 0;
  std::byte bytes[kSizeBytes];
};

enum class SlabMemory {
  kShared,   // the process's shared range, as a program has it by default
  kCounted,  // a source of its own
  kRegion,   // some bytes of the caller's: they run out
};

template <typename T>
class SlabCacheSubject final : public Subject {
 public:
  explicit SlabCacheSubject(SlabMemory memory, const SlabCacheOptions& options = {})
      : memory_(memory),
        region_bytes_(memory == SlabMemory::kRegion ? new std::byte[kRegionBytes] : nullptr),
        region_(region_bytes_.get(), memory == SlabMemory::kRegion ? kRegionBytes : 0) {
    switch (memory) {
      case SlabMemory::kShared:
        cache_.emplace(options);
        break;
      case SlabMemory::kCounted:
        cache_.emplace(source_, options);
        break;
      case SlabMemory::kRegion:
        cache_.emplace(region_, options);
        break;
    }
  }

  std::string name() const override { return "ashlar"; }

  void* Allocate(std::size_t /*size_bytes*/) override {
    switch (NextTurn() % 4) {
      case 0:
        return cache_->New();
      case 1:
        return cache_->Make().release();
      case 2:
        return OwnHandle().New();
      default:
        void* const slot = cache_->Allocate();
        return slot == nullptr ? nullptr : ::new (slot) T;
    }
  }
  void* Allocate(std::size_t size_bytes, std::size_t /*alignment*/) override {
    return Allocate(size_bytes);
  }
  void* AllocateZeroed(std::size_t size_bytes) override {
    void* const block = Allocate(size_bytes);
    return block == nullptr ? nullptr : std::memset(block, 0, sizeof(T));
  }
  void* Reallocate(void* /*block*/, std::size_t /*new_size_bytes*/) override { return nullptr; }

  using Subject::Free;
  void Free(void* block) override {
    T* const object = static_cast<T*>(block);
    if (object == nullptr) return;
    switch (NextTurn() % 5) {
      case 0:
        return cache_->Delete(object);
      case 1:
        return SlabCache<T>::DeleteAnywhere(object);
      case 2:
        return SlabBox<T>::Adopt(object).reset();
      case 3:
        return OwnHandle().Delete(object);
      default:
        object->~T();
        return cache_->Free(object);
    }
  }

  std::optional<std::size_t> UsableSize(const void* /*block*/) const override {
    return SlabCache<T>::kSlotBytes;
  }
  // Over a source of its own all that it has given, the cache's own tables included.
  std::optional<std::size_t> FootprintBytes() const override {
    if (memory_ == SlabMemory::kCounted) return source_.OutstandingBytes();
    return cache_->Statistics().footprint_bytes;
  }

  void ThreadExit() override { own_handle_.reset(); }

  Census Count() override {
    const SlabCacheStatistics now = cache_->Statistics();
    Census census{.live_blocks = now.live_objects};
    const std::size_t all = now.live_objects + now.cached_objects + now.free_objects;
    if (all != now.slabs * now.slots_per_slab) {
      census.contradiction =
          absl::StrCat("live, cached and free objects are ", all, ", but ", now.slabs, " slabs of ",
                       now.slots_per_slab, " slots are there");
    }
    const std::int64_t alive = T::alive.load(std::memory_order_relaxed);
    if (alive != static_cast<std::int64_t>(now.live_objects)) {
      census.contradiction = absl::StrCat(alive, " objects are constructed and not destroyed, but ",
                                          now.live_objects, " slots are live");
    }
    return census;
  }

  std::optional<std::size_t> End() override {
    if (memory_ != SlabMemory::kShared) {
      cache_.reset();
      return source_.OutstandingBytes() + region_.used_bytes();
    }
    // The shared range serves others as well: here the slabs are asked for before the cache ends.
    cache_->Trim();
    const SlabCacheStatistics left = cache_->Statistics();
    cache_.reset();
    return left.slabs * left.slab_bytes;
  }

 private:
  static std::uint32_t NextTurn() {
    static thread_local std::uint32_t turn = 0;
    return turn++;
  }
  // Of the calling thread; gone at its ThreadExit().
  typename SlabCache<T>::Local& OwnHandle() {
    if (!own_handle_) own_handle_.emplace(*cache_);
    return *own_handle_;
  }

  static inline thread_local std::optional<typename SlabCache<T>::Local> own_handle_;

  static constexpr std::size_t kRegionBytes = 256 * 1024;

  SlabMemory memory_;
  CountingSource source_;
  std::unique_ptr<std::byte[]> region_bytes_;
  FixedRegion region_;
  std::optional<SlabCache<T>> cache_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_SUBJECT_SLAB_CACHE_SUBJECT_H_
