// thread_table.h - where a thread keeps its magazines: one table, one entry for each class in use.
//
//   thread-local pointer --> +---------+---------+---------+-- ... --+------------------+
//                            | entry 0 | entry 1 | entry 2 |         | used, spare, ... |
//                            +---------+---------+---------+-- ... --+------------------+
//   entry   top: the last filled word of the magazine in use; its low bits tell how many slots
//           limit: where top may not go further; previous: the top of the magazine before it
//
// A thread without a table points to a sentinel of zeros: each entry of it is empty and full at
// once, so that the fast path needs no test for it. The first entries of every table stay like
// that: for containers without magazines.
//
// Writers   an entry: the thread that has the table, alone. top and previous are OwnedWords: others
//           count the slots in them. Tables are never unmapped; an ended thread's table goes to the
//           next thread, with its magazines if it is one of a few, else emptied.
// Limits    kTableEntries classes with magazines at once; containers beyond work without.
#ifndef ASHLAR_INTERNAL_SLAB_THREAD_TABLE_H_
#define ASHLAR_INTERNAL_SLAB_THREAD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/sync/magazine.h"
#include "ashlar/internal/sync/tally.h"

namespace ashlar::internal {

inline constexpr std::size_t kTableEntries = 4096;
// The first entries of every table stay clear: as many as a pool without magazines has classes.
inline constexpr std::size_t kClearEntries = 66;

struct MagazineEntry {
  OwnedWord<std::uintptr_t> top;
  std::uintptr_t limit;
  OwnedWord<std::uintptr_t> previous;
  std::uint32_t generation;  // of the pool whose slots these are
  std::uint16_t pool;        // its number in the directory
  std::uint8_t bound;        // slots that a magazine may have now; grows with each miss
  bool was_active;           // since the last look for idle magazines

  // The fast paths. A slot, or null: the magazine is empty.
  void* Pop() {
    const std::uintptr_t at = top.Get();
    if ((at & (kMagazineBytes - 1)) == 0) [[unlikely]] return nullptr;
    void* slot = *PointerTo<void*>(at);
    top.Set(at - sizeof(void*));
    if (slot == nullptr) __builtin_unreachable();  // spares the caller a second test
    return slot;
  }
  // False: the magazine is full.
  bool Push(void* slot) {
    const std::uintptr_t at = top.Get();
    if (at >= limit) [[unlikely]] return false;
    *PointerTo<void*>(at + sizeof(void*)) = slot;
    top.Set(at + sizeof(void*));
    return true;
  }

  // The previous magazine becomes the one in use, for up to `slots` slots. Not for a moment do both
  // words speak of one magazine: a child that was forked then would count its slots twice for ever.
  void Swap(std::uint32_t slots) {
    const std::uintptr_t at = top.Get();
    const std::uintptr_t before = previous.Get();
    limit = Magazine::At(before)->TopFor(slots);
    previous.Set(0);
    top.Set(before);
    previous.Set(at);
  }

  std::size_t SlotCount() const {
    return Magazine::CountAt(top.Get()) + Magazine::CountAt(previous.Get());
  }
  bool IsClear() const { return top.Get() == 0 && previous.Get() == 0; }
};
static_assert(sizeof(MagazineEntry) == 32);

struct ThreadTable {
  MagazineEntry entries[kTableEntries];

  std::uint64_t used[kTableEntries / 64];  // entries that may have a magazine
  Magazine* spare[4];                      // empty magazines
  std::uint32_t spare_count;
  std::uint32_t slow_calls;
  std::uint32_t seen_ends;                 // the epochs that the thread has acted on
  std::uint32_t seen_recalls;
  std::uint64_t seen_upkeep;
  ThreadTable* next;                       // all tables; written once
  ThreadTable* next_idle;                  // tables of ended threads; under the lock of threads

  // `offset`: of the entry, in bytes: multiplied out when the container was made.
  MagazineEntry& entry(std::size_t offset) {
    return *reinterpret_cast<MagazineEntry*>(reinterpret_cast<char*>(this) + offset);
  }
  bool IsUsed(std::size_t number) const { return (used[number / 64] >> (number % 64) & 1) != 0; }
  void SetUsed(std::size_t number) { used[number / 64] |= Bit(number % 64); }
  void ClearUsed(std::size_t number) { used[number / 64] &= ~Bit(number % 64); }
};

// The calling thread's table, or the sentinel.
extern constinit thread_local ThreadTable* t_thread_table
    __attribute__((tls_model("initial-exec")));

inline MagazineEntry& EntryAt(std::size_t offset) { return t_thread_table->entry(offset); }

// The calling thread's table, made at the first call; null when the thread is past its end, or
// there is no memory for a table.
[[nodiscard]] ThreadTable* OwnThreadTable() noexcept;

// All tables that ever were, by `next`.
[[nodiscard]] ThreadTable* AllThreadTables() noexcept;

// The tables of ended threads that kept their magazines, by `next_idle`. For who holds the lock of
// threads, and as long as it does: nobody takes these tables meanwhile.
[[nodiscard]] ThreadTable* WarmTablesLocked() noexcept;

// Empty magazines of the process; null when there is no memory.
[[nodiscard]] Magazine* NewMagazine(ThreadTable* table) noexcept;
void DropMagazine(ThreadTable* table, Magazine* magazine) noexcept;  // table may be null
// What indices of magazines count from.
[[nodiscard]] std::uintptr_t MagazineBase() noexcept;

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SLAB_THREAD_TABLE_H_
