#include "ashlar/internal/slab/thread_table.h"

#include <iterator>

#include "ashlar/internal/os/threads.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/internal/sync/lock.h"
#include "ashlar/internal/sync/published.h"
#include "lib/slab/pool_directory.h"

namespace ashlar::internal {
namespace {

// Tables of ended threads that keep their magazines for the next thread; more are emptied.
constexpr unsigned kWarmTables = 4;
constexpr std::size_t kMagazineChunk = std::size_t{64} << 10;

constinit ThreadTable g_sentinel{};
constinit Published<ThreadTable, Concurrent> g_all;
// Under ThreadsLock().
constinit ThreadTable* g_warm = nullptr;
constinit unsigned g_warm_count = 0;
constinit ThreadTable* g_cold = nullptr;

constinit MagazineStack g_empty_magazines;
constinit std::uintptr_t g_chunk_next = 0;  // under ThreadsLock()
constinit std::uintptr_t g_chunk_end = 0;

constinit thread_local bool t_is_past_end = false;

void Push(ThreadTable*& list, ThreadTable* table) {
  table->next_idle = list;
  list = table;
}

ThreadTable* PopFrom(ThreadTable*& list) {
  ThreadTable* table = list;
  if (table != nullptr) list = table->next_idle;
  return table;
}

void OnThreadExit() {
  ThreadTable* table = t_thread_table;
  t_is_past_end = true;
  t_thread_table = &g_sentinel;
  if (table == &g_sentinel) return;
  {
    const LockGuard<Concurrent> guard(ThreadsLock());
    if (g_warm_count < kWarmTables) {
      ++g_warm_count;
      Push(g_warm, table);
      return;
    }
  }
  FlushTable(*table);
  const LockGuard<Concurrent> guard(ThreadsLock());
  Push(g_cold, table);
}

ThreadTable* TakeIdleTable() {
  const LockGuard<Concurrent> guard(ThreadsLock());
  if (ThreadTable* table = PopFrom(g_warm)) {
    --g_warm_count;
    return table;
  }
  return PopFrom(g_cold);
}

ThreadTable* NewTable() {
  auto* table = static_cast<ThreadTable*>(SystemArenas().TakeTable(sizeof(ThreadTable)));
  if (table == nullptr) return nullptr;
  g_all.Push(table, [](ThreadTable* mine, ThreadTable* head) { mine->next = head; });
  return table;
}

}  // namespace

constinit thread_local ThreadTable* t_thread_table = &g_sentinel;

ThreadTable* OwnThreadTable() noexcept {
  if (t_thread_table != &g_sentinel) [[likely]] return t_thread_table;
  if (t_is_past_end) return nullptr;
  PrepareThreadsForFork();
  ThreadTable* table = TakeIdleTable();
  if (table == nullptr) table = NewTable();
  if (table == nullptr) return nullptr;
  // First the pointer: what the system does for the hook may allocate.
  t_thread_table = table;
  if (!os::CallAtThreadExit(OnThreadExit)) {
    // Nobody would bring the magazines home: this thread goes without.
    t_thread_table = &g_sentinel;
    t_is_past_end = true;
    FlushTable(*table);
    const LockGuard<Concurrent> guard(ThreadsLock());
    Push(g_cold, table);
    return nullptr;
  }
  return table;
}

ThreadTable* AllThreadTables() noexcept { return g_all.Get(); }

ThreadTable* WarmTablesLocked() noexcept { return g_warm; }

std::uintptr_t MagazineBase() noexcept { return SystemArenas().first()->start(); }

Magazine* NewMagazine(ThreadTable* table) noexcept {
  if (table != nullptr && table->spare_count > 0) return table->spare[--table->spare_count];
  unsigned count;
  if (Magazine* magazine = g_empty_magazines.Pop(MagazineBase(), &count)) return magazine;
  const LockGuard<Concurrent> guard(ThreadsLock());
  if (g_chunk_next == g_chunk_end) {
    void* chunk = SystemArenas().TakeTable(kMagazineChunk);
    if (chunk == nullptr) return nullptr;
    g_chunk_next = AddressOf(chunk);
    g_chunk_end = g_chunk_next + kMagazineChunk;
  }
  auto* magazine = PointerTo<Magazine>(g_chunk_next);
  g_chunk_next += kMagazineBytes;
  return magazine;
}

void DropMagazine(ThreadTable* table, Magazine* magazine) noexcept {
  if (table != nullptr && table->spare_count < std::size(table->spare)) {
    table->spare[table->spare_count++] = magazine;
    return;
  }
  g_empty_magazines.Push(MagazineBase(), magazine, 0);
}

}  // namespace ashlar::internal
