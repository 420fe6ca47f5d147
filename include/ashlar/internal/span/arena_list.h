// arena_list.h - the arenas that a container draws from, and the one lock over their runs.
//
// An arena is added and never removed before the list ends: readers walk the list without a lock.
// The list grows by blocks of its source, where it has one: in Serve() and nowhere else.
//
// Threads   Find() and first() from any thread, wait-free. Everything that takes or gives runs
//           holds lock(): a documented blocking path, one short critical section (a purge may be
//           inside). The source is called with the lock free: what it does may bring home slots of
//           any container, those that draw from this list among them.
#ifndef ASHLAR_INTERNAL_SPAN_ARENA_LIST_H_
#define ASHLAR_INTERNAL_SPAN_ARENA_LIST_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/internal/span/arena.h"
#include "ashlar/internal/sync/lock.h"
#include "ashlar/internal/sync/published.h"
#include "ashlar/memory_source.h"
#include "ashlar/threading_model.h"

namespace ashlar::internal {

// A MemorySource behind two function pointers; null members: the list does not grow.
struct SourceReference {
  void* source = nullptr;
  MemoryBlock (*acquire)(void* source, std::size_t size_bytes) = nullptr;
  void (*release)(void* source, MemoryBlock block) = nullptr;

  template <MemorySource S>
  static SourceReference To(S& source) {
    return {&source,
            [](void* s, std::size_t n) { return static_cast<S*>(s)->Acquire(n); },
            [](void* s, MemoryBlock block) { static_cast<S*>(s)->Release(block); }};
  }
};

template <ThreadingModel Model>
class ArenaList {
 public:
  constexpr ArenaList() = default;
  ArenaList(const ArenaList&) = delete;
  ArenaList& operator=(const ArenaList&) = delete;
  ~ArenaList() = default;

  // From now on grows by blocks of `source`. Before anything else is called.
  void SetSource(const SourceReference& source) { source_ = source; }

  // Adds the caller's bytes.
  AddStatus Add(void* start, std::size_t size_bytes);
  // Adds an arena that stands ready. Under the lock, or before others know the list.
  void Adopt(Arena* arena);

  Arena* first() const { return head_.Get(); }
  // The arena whose bytes include `address`; null if there is none.
  Arena* Find(std::uintptr_t address) const {
    Arena* arena = first();
    while (arena != nullptr && !arena->Contains(address)) arena = arena->next;
    return arena;
  }

  // It has a source. Else what it has is all there will be, but for Add().
  bool grows() const { return source_.acquire != nullptr; }

  // Calls attempt() under the lock. If it answers false the source is asked, with the lock free,
  // for a block that has room for a run of so many bytes so aligned and its tables; then attempt()
  // is called again: without that block, which goes back if others gave or grew meanwhile, then
  // with it. False: so did the last attempt. The caller does not hold lock().
  template <typename Attempt>
  bool Serve(std::size_t size_bytes, std::size_t alignment, Attempt attempt) {
    {
      const LockGuard<Model> guard(lock_);
      if (attempt()) return true;
    }
    if (!grows()) return false;
    Arena* fresh = AskSource(size_bytes, alignment);
    {
      const LockGuard<Model> guard(lock_);
      const bool is_served = attempt();
      if (!is_served && fresh != nullptr) {
        Adopt(fresh);
        return attempt();
      }
      if (fresh == nullptr) return is_served;
    }
    GiveToSource(*fresh);
    return true;
  }

  // How the list's arenas are divided, or will be.
  const ArenaGeometry& geometry() const {
    return geometry_ != nullptr ? *geometry_ : kLargeGeometry;
  }

  Lock<Model>& lock() { return lock_; }

  struct Run {
    Arena* arena = nullptr;  // null: none
    std::uintptr_t start = 0;
    bool zeroed = false;     // each byte reads as zero
  };
  // The caller holds lock(). A run of the arenas that there are: cut where a free run fits best, else
  // of fresh pages, the newest arena first. O(arenas).
  [[nodiscard]] Run TakeLocked(Arena::Part part, std::size_t size_bytes, std::size_t alignment);
  // A run of one particular arena.
  [[nodiscard]] Run TakeFromLocked(Arena& arena, Arena::Part part, std::size_t size_bytes,
                                   std::size_t alignment);
  void GiveLocked(Arena& arena, Arena::Part part, std::uintptr_t start);
  // A zeroed table in one particular arena, or null.
  [[nodiscard]] void* TakeTableLocked(Arena& arena, std::size_t size_bytes);
  void GiveTableLocked(Arena& arena, void* table);

  // A zeroed table in any arena, or null.
  [[nodiscard]] void* TakeTable(std::size_t size_bytes);
  void GiveTable(void* table);

  // Purges what nobody needed since the last call, or all that is unused; returns bytes.
  void PurgeIdle();
  std::size_t PurgeAll();

  // Returns every block to the source. The list is empty then; nobody else uses it any more.
  void ReleaseAll();

  std::size_t total_bytes();
  std::size_t used_bytes();
  std::size_t dirty_free_bytes();

  // For the registry of lists whose locks are held around a fork.
  ArenaList* next_registered = nullptr;
  ArenaList* previous_registered = nullptr;

 private:
  // An arena of the source's that is on no list yet, or null. Without the lock.
  [[nodiscard]] Arena* AskSource(std::size_t size_bytes, std::size_t alignment);
  void GiveToSource(Arena& arena);
  // The arena whose free run fits best, or null where only fresh pages would do.
  Arena* FittingLocked(Arena::Part part, std::size_t size_bytes, std::size_t alignment);

  Published<Arena, Model> head_;
  const ArenaGeometry* geometry_ = nullptr;  // that of the first arena, and so of all
  SourceReference source_;
  Lock<Model> lock_;
};

// Around a fork the locks of registered lists are held, so that the child finds each whole.
void RegisterForFork(ArenaList<Concurrent>& list);
// From now on, also for lists that are registered later. For who holds locks of their own while
// they use lists: before those locks are prepared, so that they are taken first.
void PrepareListsForFork();
void UnregisterForFork(ArenaList<Concurrent>& list);

// The arena of a registered list whose bytes include `address`; null if there is none. It stays as
// long as the caller knows of something alive in it.
[[nodiscard]] Arena* FindRegisteredArena(std::uintptr_t address);

// The list of the process's one reserved range; empty when the system grants no address space.
ArenaList<Concurrent>& SystemArenas();

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SPAN_ARENA_LIST_H_
