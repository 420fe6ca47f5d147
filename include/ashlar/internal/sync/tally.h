// tally.h - counts: a statistic that anybody adds to, and a word that only its owner writes.
#ifndef ASHLAR_INTERNAL_SYNC_TALLY_H_
#define ASHLAR_INTERNAL_SYNC_TALLY_H_

#include <atomic>
#include <cstdint>

#include "ashlar/internal/sync/cell.h"

namespace ashlar::internal {

// A number that any thread changes and any thread reads; exact once the threads are quiet, if all
// they did is Add and Subtract. Nothing is ordered by it. Wait-free.
template <ThreadingModel Model>
class Tally {
 public:
  constexpr Tally() = default;

  // relaxed throughout: a count, nothing follows from it.
  void Add(std::int64_t n) { value_.FetchAdd(n, std::memory_order_relaxed); }
  void Subtract(std::int64_t n) { value_.FetchSub(n, std::memory_order_relaxed); }
  // For marks that policy reads (a low water): of two that set at once one is lost, and what others
  // added between the look that led to n and the store is lost with it.
  void Set(std::int64_t n) { value_.Store(n, std::memory_order_relaxed); }
  std::int64_t Get() const { return value_.Load(std::memory_order_relaxed); }

 private:
  Cell<std::int64_t, Model> value_;
};

// A word that one thread writes and others may look at, for statistics. Costs its owner what a
// plain word costs.
template <typename T>
class OwnedWord {
 public:
  constexpr OwnedWord() = default;
  constexpr explicit OwnedWord(T value) : value_(value) {}

  // relaxed: the owner reads what it wrote itself; to others it is a count, no more.
  T Get() const { return value_.load(std::memory_order_relaxed); }
  // Owner only. relaxed: as above; who must see it is told by the edges of what was done with it.
  void Set(T value) { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_TALLY_H_
