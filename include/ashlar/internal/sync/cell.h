// cell.h - one word under either threading model: std::atomic, or a plain value.
//
// The raw material of the sync layer's nouns; nothing above the layer uses it. Each noun names the
// memory order of each access, with its edge (lib/sync/EDGES.md). Under SingleThreaded the orders
// mean nothing and a read-modify-write is a load and a store.
#ifndef ASHLAR_INTERNAL_SYNC_CELL_H_
#define ASHLAR_INTERNAL_SYNC_CELL_H_

#include <atomic>

#include "ashlar/threading_model.h"

namespace ashlar::internal {

template <typename T, ThreadingModel Model>
class Cell;

template <typename T>
class Cell<T, Concurrent> {
 public:
  constexpr Cell() = default;
  constexpr explicit Cell(T value) : value_(value) {}

  T Load(std::memory_order order) const { return value_.load(order); }
  void Store(T value, std::memory_order order) { value_.store(value, order); }
  T FetchAdd(T value, std::memory_order order) { return value_.fetch_add(value, order); }
  T FetchSub(T value, std::memory_order order) { return value_.fetch_sub(value, order); }
  T FetchOr(T value, std::memory_order order) { return value_.fetch_or(value, order); }
  T FetchAnd(T value, std::memory_order order) { return value_.fetch_and(value, order); }
  T Exchange(T value, std::memory_order order) { return value_.exchange(value, order); }
  bool CompareExchange(T& expected, T desired, std::memory_order success,
                       std::memory_order failure) {
    return value_.compare_exchange_weak(expected, desired, success, failure);
  }

 private:
  static_assert(std::atomic<T>::is_always_lock_free);
  std::atomic<T> value_{};
};

template <typename T>
class Cell<T, SingleThreaded> {
 public:
  constexpr Cell() = default;
  constexpr explicit Cell(T value) : value_(value) {}

  T Load(std::memory_order) const { return value_; }
  void Store(T value, std::memory_order) { value_ = value; }
  T FetchAdd(T value, std::memory_order) { return Replace(static_cast<T>(value_ + value)); }
  T FetchSub(T value, std::memory_order) { return Replace(static_cast<T>(value_ - value)); }
  T FetchOr(T value, std::memory_order) { return Replace(static_cast<T>(value_ | value)); }
  T FetchAnd(T value, std::memory_order) { return Replace(static_cast<T>(value_ & value)); }
  T Exchange(T value, std::memory_order) { return Replace(value); }
  bool CompareExchange(T& expected, T desired, std::memory_order, std::memory_order) {
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = desired;
    return true;
  }

 private:
  T Replace(T value) {
    const T old = value_;
    value_ = value;
    return old;
  }

  T value_{};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_CELL_H_
