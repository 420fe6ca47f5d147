#include "ashlar/memory_source.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/os/pages.h"
#include "ashlar/internal/os/threads.h"
#include "ashlar/internal/span/arena_list.h"

namespace ashlar {
namespace internal {
namespace {

constexpr std::size_t kLargestRange = std::size_t{512} << 30;
constexpr std::size_t kSmallestRange = std::size_t{64} << 20;
constexpr std::size_t kLargestAlignment = std::size_t{64} << 20;
constexpr std::size_t kRangeStep = kSmallestRange / 16;  // ranges are multiples of it

// Constant-initialised, never destroyed: usable before main and after it.
constinit ArenaList<Concurrent> g_system_arenas;
constinit Arena g_system_arena;
constinit Lock<Concurrent> g_system_lock;  // creation of the range

// Lists whose locks are held around a fork.
constinit Lock<Concurrent> g_registry_lock;
constinit ArenaList<Concurrent>* g_registered = nullptr;

void PrepareFork() {
  g_system_lock.Acquire();
  g_registry_lock.Acquire();
  for (auto* list = g_registered; list != nullptr; list = list->next_registered) {
    list->lock().Acquire();
  }
}

void AfterFork() {
  for (auto* list = g_registered; list != nullptr; list = list->next_registered) {
    list->lock().Release();
  }
  g_registry_lock.Release();
  g_system_lock.Release();
}

constinit os::AroundFork g_around_fork(PrepareFork, AfterFork, AfterFork);

Backing SystemBacking() {
  Backing backing;
  backing.commit = [](void* start, std::size_t n) { return os::Commit(start, n); };
  backing.purge = [](void* start, std::size_t n) { return os::Purge(start, n); };
  backing.move = [](void* from, void* to, std::size_t n) { return os::MovePages(from, to, n); };
  backing.advise_huge = [](void* start, std::size_t n) { os::AdviseHugePages(start, n); };
  backing.page_bytes = os::PageSize();
  backing.fresh_pages_are_zero = true;
  return backing;
}

// The first range to try: under a limit on address space five eighths of it, as 2^k or 1.5 * 2^k.
std::size_t FirstRange() {
  const std::size_t limit = os::AddressSpaceLimit();
  if (limit / 5 >= kLargestRange / 4) return kLargestRange;
  const std::size_t share = std::max(limit / 8 * 5, kSmallestRange);
  const std::size_t power = std::size_t{1} << FloorLog2(share);
  return power + power / 2 <= share ? power + power / 2 : power;
}

// The next range to try; 0: that was the smallest.
std::size_t RangeAfter(std::size_t size) {
  if (size <= kSmallestRange) return 0;
  return std::max(RoundDown(size / 2, kRangeStep), kSmallestRange);
}

// So much more is reserved for a moment: a sixteenth, where a limit may be near.
std::size_t AlignmentOf(std::size_t range) {
  return std::min(std::size_t{1} << FloorLog2(range / 16), kLargestAlignment);
}

void CreateSystemArena() {
  ArenaGeometry geometry = kLargeGeometry;
  geometry.page_shift = std::max(geometry.page_shift, FloorLog2(os::PageSize()));
  geometry.unit_shift = std::max(geometry.unit_shift, geometry.page_shift);
  for (std::size_t size = FirstRange(); size != 0; size = RangeAfter(size)) {
    void* range = os::Reserve(size, AlignmentOf(size));
    if (range == nullptr) continue;
    os::AdviseSmallPages(range, size / 8);  // the tables
    if (g_system_arena.InitializeReserved(range, size, geometry, SystemBacking())) {
      g_system_arenas.Adopt(&g_system_arena);
      RegisterForFork(g_system_arenas);
      return;
    }
    os::Unreserve(range, size);
  }
}

}  // namespace

void PrepareListsForFork() { g_around_fork.Begin(); }

void RegisterForFork(ArenaList<Concurrent>& list) {
  PrepareListsForFork();
  const LockGuard<Concurrent> guard(g_registry_lock);
  list.next_registered = g_registered;
  list.previous_registered = nullptr;
  if (g_registered != nullptr) g_registered->previous_registered = &list;
  g_registered = &list;
}

void UnregisterForFork(ArenaList<Concurrent>& list) {
  const LockGuard<Concurrent> guard(g_registry_lock);
  if (list.next_registered != nullptr) {
    list.next_registered->previous_registered = list.previous_registered;
  }
  if (list.previous_registered != nullptr) {
    list.previous_registered->next_registered = list.next_registered;
  } else {
    g_registered = list.next_registered;
  }
}

Arena* FindRegisteredArena(std::uintptr_t address) {
  // By the list: the arena itself may be in the making.
  if (Arena* arena = g_system_arenas.Find(address)) return arena;
  const LockGuard<Concurrent> guard(g_registry_lock);
  for (auto* list = g_registered; list != nullptr; list = list->next_registered) {
    if (Arena* arena = list->Find(address)) return arena;
  }
  return nullptr;
}

ArenaList<Concurrent>& SystemArenas() {
  if (g_system_arenas.first() == nullptr) {
    PrepareListsForFork();  // before the lock: what the system does there may allocate
    const LockGuard<Concurrent> guard(g_system_lock);
    if (g_system_arenas.first() == nullptr) CreateSystemArena();
  }
  return g_system_arenas;
}

}  // namespace internal

MemoryBlock SystemMemory::Acquire(std::size_t size_bytes) noexcept {
  const std::size_t page = internal::os::PageSize();
  if (size_bytes > SIZE_MAX - page) return {};
  const std::size_t whole = internal::RoundUp(size_bytes, page);
  void* start = internal::os::Map(whole);
  if (start == nullptr) return {};
  return {start, whole};
}

void SystemMemory::Release(MemoryBlock block) noexcept {
  internal::os::Unmap(block.start, block.size_bytes);
}

std::size_t SystemMemory::Trim() noexcept { return internal::SystemArenas().PurgeAll(); }

SystemMemory::Statistics SystemMemory::GetStatistics() noexcept {
  auto& arenas = internal::SystemArenas();
  return {arenas.used_bytes(), arenas.dirty_free_bytes()};
}

}  // namespace ashlar
