#include "lib/slab/pool_directory.h"

#include <bit>

#include "ashlar/internal/os/threads.h"
#include "ashlar/internal/span/arena_list.h"

namespace ashlar::internal {
namespace {

constexpr std::uint32_t kSlowCallsPerLook = 64;      // between two looks at the clock
constexpr std::uint64_t kUpkeepMilliseconds = 100;
// After so many bytes, and a sixteenth of the memory in use, went home it comes sooner. 25 ms or
// 100 ms for all: 415 MB instead of 200 MB where live sizes shift.
constexpr std::uint64_t kSoonMilliseconds = 10;
constexpr std::int64_t kSoonBytes = 4 << 20;

constinit PoolRecord g_records[kMaxPools];
constinit bool g_entry_taken[kTableEntries] = {};
constinit std::uint32_t g_first_unused = 1;            // records above were never used
constinit Lock<Concurrent> g_threads_lock;
constinit Epoch g_ends;     // raised when a pool has ended
constinit Epoch g_recalls;  // raised when a pool asks for what lies in magazines
constinit Turn g_upkeep;
constinit Tally<Concurrent> g_home_bytes;  // since the last upkeep

bool IsClearEverywhere(std::size_t entry) {
  for (ThreadTable* table = AllThreadTables(); table != nullptr; table = table->next) {
    if (!table->entries[entry].IsClear()) return false;
  }
  return true;
}

// The first of `count` entries in a row that no pool has and no table uses; 0 if there are none.
std::uint32_t FindEntries(std::uint32_t count) {
  std::uint32_t run = 0;
  for (std::uint32_t entry = kClearEntries; entry < kTableEntries; ++entry) {
    run = g_entry_taken[entry] || !IsClearEverywhere(entry) ? 0 : run + 1;
    if (run == count) return entry + 1 - count;
  }
  return 0;
}

std::uint32_t FindRecord() {
  if (g_first_unused < kMaxPools) return g_first_unused++;
  for (std::uint32_t number = 1; number < kMaxPools; ++number) {
    if (g_records[number].pool == nullptr) return number;
  }
  return 0;
}

}  // namespace

Lock<Concurrent>& ThreadsLock() { return g_threads_lock; }

namespace {

void AfterForkInChild() {
  for (std::uint32_t n = 1; n < g_first_unused; ++n) g_records[n].life.DropPins();
  g_threads_lock.Release();
}

constinit os::AroundFork g_around_fork([] { g_threads_lock.Acquire(); },
                                       [] { g_threads_lock.Release(); }, AfterForkInChild);

}  // namespace

void PrepareThreadsForFork() {
  SystemArenas();
  PrepareListsForFork();  // their locks are taken inside of ours: they prepare last
  g_around_fork.Begin();
}

PoolRecord& PoolDirectory::record(std::uint32_t number) { return g_records[number]; }

PoolDirectory::Listing PoolDirectory::ListLocked(MagazinePool* pool, std::uint32_t entries) {
  Listing listing;
  listing.number = FindRecord();
  if (listing.number == 0) return listing;
  PoolRecord& record = g_records[listing.number];
  listing.first_entry = entries > 0 ? FindEntries(entries) : 0;
  record.first_entry = listing.first_entry;
  record.entries = listing.first_entry != 0 ? entries : 0;
  for (std::uint32_t i = 0; i < record.entries; ++i) g_entry_taken[record.first_entry + i] = true;
  record.pool = pool;
  record.recalled.Set(g_recalls.Get());
  record.generation = record.life.Open();
  listing.generation = record.generation;
  return listing;
}

void PoolDirectory::Unlist(std::uint32_t number) {
  const LockGuard<Concurrent> guard(g_threads_lock);
  PoolRecord& record = g_records[number];
  for (std::uint32_t i = 0; i < record.entries; ++i) g_entry_taken[record.first_entry + i] = false;
  record.pool = nullptr;
  g_ends.Raise();
}

void PoolDirectory::Recall(std::uint32_t number) {
  const LockGuard<Concurrent> guard(g_threads_lock);
  g_records[number].recalled.Set(g_recalls.Get() + 1);
  g_recalls.Raise();
}

void PoolDirectory::UpkeepAll() {
  for (std::uint32_t number = 1; number < kMaxPools; ++number) {
    PoolRecord& record = g_records[number];
    std::uint32_t generation;
    {
      const LockGuard<Concurrent> guard(g_threads_lock);
      if (number >= g_first_unused) break;
      if (record.pool == nullptr) continue;
      generation = record.generation;
    }
    if (record.life.TryVisit(generation) != Lifeline::Visit::kInside) continue;
    record.pool->Upkeep();
    record.life.Depart();
  }
  SystemArenas().PurgeIdle();
}

namespace {

// A magazine of a pool that has ended: its slots are nobody's; the magazine is ours.
void DropUnread(ThreadTable& table, std::size_t number) {
  MagazineEntry& entry = table.entries[number];
  for (const std::uintptr_t top : {entry.top.Get(), entry.previous.Get()}) {
    if (top != 0) DropMagazine(&table, Magazine::At(top));
  }
  entry.limit = 0;
  entry.previous.Set(0);
  entry.top.Set(0);
  table.ClearUsed(number);
}

bool MuchWentHome() {
  const std::int64_t bytes = g_home_bytes.Get();
  return bytes > kSoonBytes &&
         bytes - kSoonBytes > static_cast<std::int64_t>(SystemArenas().used_bytes() / 16);
}

// Calls f(number) for each entry in use.
template <typename F>
void ForEachUsed(ThreadTable& table, F f) {
  for (std::size_t word = 0; word < kTableEntries / 64; ++word) {
    for (std::uint64_t bits = table.used[word]; bits != 0; bits &= bits - 1) {
      f(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
    }
  }
}

// Brings home the magazines for which `wanted(record, entry)` holds, and drops those of ended
// pools. Those of pools whose end is declared stay.
template <typename Wanted>
void FlushWhere(ThreadTable& table, Wanted wanted) {
  ForEachUsed(table, [&](std::size_t number) {
    MagazineEntry& entry = table.entries[number];
    PoolRecord& record = g_records[entry.pool];
    Lifeline::Visit visit = record.life.TryVisit(entry.generation);
    for (; visit == Lifeline::Visit::kFull; visit = record.life.TryVisit(entry.generation)) {
      os::YieldProcessor();
    }
    if (visit == Lifeline::Visit::kEnded) DropUnread(table, number);
    if (visit != Lifeline::Visit::kInside) return;
    if (wanted(record, entry)) record.pool->FlushEntry(table, number);
    record.life.Depart();
  });
}

}  // namespace

void AttendTable(ThreadTable& table) {
  const std::uint32_t ends = g_ends.Get();
  const std::uint32_t recalls = g_recalls.Get();
  if (table.seen_ends != ends || table.seen_recalls != recalls) [[unlikely]] {
    const std::uint32_t seen = table.seen_recalls;
    table.seen_ends = ends;
    table.seen_recalls = recalls;
    FlushWhere(table, [seen](const PoolRecord& record, const MagazineEntry&) {
      return static_cast<std::int32_t>(record.recalled.Get() - seen) > 0;
    });
  }
  if (table.seen_upkeep != g_upkeep.last()) [[unlikely]] {
    table.seen_upkeep = g_upkeep.last();
    FlushWhere(table, [](const PoolRecord&, MagazineEntry& entry) {
      const bool idle = !entry.was_active;
      entry.was_active = false;
      return idle;
    });
  }
  if (++table.slow_calls % kSlowCallsPerLook == 0 &&
      g_upkeep.Claim(os::CoarseMilliseconds(),
                     MuchWentHome() ? kSoonMilliseconds : kUpkeepMilliseconds)) {
    g_home_bytes.Set(0);
    PoolDirectory::UpkeepAll();
  }
}

void NoteHome(std::size_t size_bytes) {
  g_home_bytes.Add(static_cast<std::int64_t>(size_bytes));
}

void FlushTable(ThreadTable& table) {
  FlushWhere(table, [](const PoolRecord&, const MagazineEntry&) { return true; });
}

}  // namespace ashlar::internal
