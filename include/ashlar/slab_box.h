// slab_box.h - SlabBox<T>: owns one object of a SlabCache; SlabDelete<T>: frees one.
//
// A box of a Concurrent cache is one pointer: the slab of the object is found from its address, and
// the cache from the slab. It needs no handle, keeps the cache alive as any object does, and may be
// destroyed by any thread.
//
// Progress  the arena that the address lies in is found without a lock in the process's memory.
//           Over a region or a source it is looked for among all such, under one short lock of the
//           process: where that matters, release() the box and Delete() by a handle. Then as
//           SlabCache::Delete().
#ifndef ASHLAR_SLAB_BOX_H_
#define ASHLAR_SLAB_BOX_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "ashlar/internal/base/configuration.h"
#include "ashlar/internal/slab/slab_cache_core.h"
#include "ashlar/threading_model.h"

namespace ashlar {
namespace internal {

template <typename T>
constexpr std::size_t SlotBytesOf() {
  return std::max<std::size_t>(sizeof(T), 8);
}

// Constructs a T in `slot`; if that throws, free(slot), and on it goes.
template <typename T, typename Free, typename... Arguments>
T* ConstructAt(void* slot, [[maybe_unused]] Free free, Arguments&&... arguments) {
#if defined(__cpp_exceptions)
  if constexpr (!std::is_nothrow_constructible_v<T, Arguments...>) {
    try {
      return ::new (slot) T(std::forward<Arguments>(arguments)...);
    } catch (...) {
      free(slot);
      throw;
    }
  }
#endif
  return ::new (slot) T(std::forward<Arguments>(arguments)...);
}

}  // namespace internal

// Destroys an object and frees its slot. Stateless for Concurrent caches.
template <typename T, ThreadingModel Model = Concurrent>
class SlabDelete {
 public:
  constexpr SlabDelete() = default;

  void operator()(T* object) const noexcept {
    if (object == nullptr) return;
    object->~T();
    Free(object);
  }
  // The slot alone: the object in it is gone already.
  void Free(T* object) const noexcept {
    internal::FreeAnywhere(object, internal::SlotBytesOf<T>());
  }
};

template <typename T>
class SlabDelete<T, SingleThreaded> {
 public:
  constexpr SlabDelete() = default;
  explicit SlabDelete(internal::SlabCacheCore<SingleThreaded>* core) : core_(core) {}

  void operator()(T* object) const noexcept {
    if (object == nullptr) return;
    object->~T();
    Free(object);
  }
  void Free(T* object) const noexcept { core_->Free(object, internal::SlotBytesOf<T>()); }

 private:
  internal::SlabCacheCore<SingleThreaded>* core_ = nullptr;
};

template <typename T, ThreadingModel Model = Concurrent>
class [[nodiscard]] SlabBox {
 public:
  using Deleter = SlabDelete<T, Model>;

  constexpr SlabBox() = default;
  constexpr SlabBox(std::nullptr_t) {}  // NOLINT: as unique_ptr
  SlabBox(SlabBox&& other) noexcept = default;
  SlabBox& operator=(SlabBox&& other) noexcept = default;

  // Takes ownership of an object that a SlabCache made; null makes an empty box.
  static SlabBox Adopt(T* object, Deleter deleter = Deleter()) {
    SlabBox box;
    box.object_ = std::unique_ptr<T, Deleter>(object, deleter);
    return box;
  }
  // Gives ownership up: the caller deletes the object.
  [[nodiscard]] T* release() { return object_.release(); }

  // Moves the value out; the moved-from object is destroyed, once, and the box is empty.
  // Precondition: not empty. If T's move throws, the box still owns the object.
  [[nodiscard]] T Take() {
    T value = std::move(*object_);
    object_.reset();
    return value;
  }

  void reset() noexcept { object_.reset(); }
  [[nodiscard]] T* get() const { return object_.get(); }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_.get(); }
  explicit operator bool() const { return object_ != nullptr; }

  friend void swap(SlabBox& a, SlabBox& b) noexcept { std::swap(a.object_, b.object_); }
  friend bool operator==(const SlabBox& a, const SlabBox& b) { return a.get() == b.get(); }

 private:
  std::unique_ptr<T, Deleter> object_;
};

}  // namespace ashlar

#endif  // ASHLAR_SLAB_BOX_H_
