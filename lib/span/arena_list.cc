#include "ashlar/internal/span/arena_list.h"

#include <algorithm>
#include <cstring>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/configuration.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kFirstBlock = std::size_t{1} << 20;  // asked of a source at least
constexpr std::size_t kLargestStep = std::size_t{64} << 20;

// What the tables of an arena of so many bytes take, at most, and its alignment loses.
constexpr std::size_t TablesOf(std::size_t size_bytes) {
  return size_bytes / 16 + (std::size_t{96} << 10);
}

}  // namespace

template <ThreadingModel Model>
void ArenaList<Model>::Adopt(Arena* arena) {
  if (geometry_ == nullptr) geometry_ = &arena->geometry();
  // Newest first: `next` is written before the arena is published and never again.
  arena->next = first();
  head_.Publish(arena);
}

template <ThreadingModel Model>
AddStatus ArenaList<Model>::Add(void* start, std::size_t size_bytes) {
  const std::uintptr_t begin = AddressOf(start);
  if (begin == 0 || size_bytes > UINTPTR_MAX - begin) return AddStatus::kInvalid;
  const LockGuard<Model> guard(lock_);
  for (Arena* arena = first(); arena != nullptr; arena = arena->next) {
    if (arena->Overlaps(begin, size_bytes)) return AddStatus::kOverlaps;
  }
  // All arenas of a list are divided alike, those that its source will give included.
  const ArenaGeometry& geometry = geometry_ != nullptr          ? *geometry_
                                  : source_.acquire != nullptr ? kLargeGeometry
                                                               : GeometryFor(size_bytes);
  Arena* arena = Arena::CreateInRegion(start, size_bytes, geometry, Backing());
  if (arena == nullptr) {
    const bool has_many_pages = size_bytes >> geometry.page_shift > PageRuns::kMaxPages / 2;
    return has_many_pages ? AddStatus::kInvalid : AddStatus::kTooSmall;
  }
  Adopt(arena);
  return AddStatus::kAdded;
}

template <ThreadingModel Model>
Arena* ArenaList<Model>::AskSource(std::size_t size_bytes, std::size_t alignment) {
  std::size_t wanted;
  if (__builtin_add_overflow(size_bytes, alignment, &wanted)) return nullptr;
  if (__builtin_add_overflow(wanted, TablesOf(wanted), &wanted)) return nullptr;
  // Each block an eighth of all before together, within bounds: few blocks, little in advance.
  // lib/span/README.md has what more costs.
  std::size_t have = 0;
  for (const Arena* arena = first(); arena != nullptr; arena = arena->next) {
    have += arena->size_bytes();
  }
  const std::size_t step = std::clamp(have / 8, kFirstBlock, kLargestStep);
  MemoryBlock block = source_.acquire(source_.source, std::max(wanted, step));
  // A source near its end may still have what is needed.
  if (block.start == nullptr && wanted < step) block = source_.acquire(source_.source, wanted);
  if (block.start == nullptr) return nullptr;
  Arena* arena = Arena::CreateInRegion(block.start, block.size_bytes, kLargeGeometry, Backing());
  if (arena != nullptr) {
    arena->is_from_source = true;
  } else {
    source_.release(source_.source, block);
  }
  return arena;
}

template <ThreadingModel Model>
void ArenaList<Model>::GiveToSource(Arena& arena) {
  // The arena itself lies in the block.
  source_.release(source_.source, MemoryBlock{PointerTo(arena.start()), arena.size_bytes()});
}

template <ThreadingModel Model>
typename ArenaList<Model>::Run ArenaList<Model>::TakeFromLocked(Arena& arena, Arena::Part part,
                                                                std::size_t size_bytes,
                                                                std::size_t alignment) {
  const PageRuns::State state =
      part == Arena::Part::kBlocks ? PageRuns::State::kBlock : PageRuns::State::kInternal;
  PageRuns& runs = arena.runs(part);
  Run run;
  const std::uint32_t page = runs.Take(runs.PagesFor(size_bytes), alignment, state, &run.zeroed);
  if (page != 0) {
    run.arena = &arena;
    run.start = runs.AddressOfPage(page);
  }
  return run;
}

// Of several blocks of a source: the newest one first would break what is left of it to fill what a
// run in an older one holds, and a tenth more is asked for.
template <ThreadingModel Model>
Arena* ArenaList<Model>::FittingLocked(Arena::Part part, std::size_t size_bytes,
                                       std::size_t alignment) {
  Arena* best = nullptr;
  std::size_t fit = SIZE_MAX;
  for (Arena* arena = first(); arena != nullptr; arena = arena->next) {
    PageRuns& runs = arena->runs(part);
    const std::size_t pages = runs.FitFor(runs.PagesFor(size_bytes), alignment);
    if (pages != 0 && pages < fit) {
      fit = pages;
      best = arena;
    }
  }
  return best;
}

template <ThreadingModel Model>
typename ArenaList<Model>::Run ArenaList<Model>::TakeLocked(Arena::Part part,
                                                            std::size_t size_bytes,
                                                            std::size_t alignment) {
  Run run;
  const bool has_several = first() != nullptr && first()->next != nullptr;
  if (Arena* arena = has_several ? FittingLocked(part, size_bytes, alignment) : nullptr) {
    run = TakeFromLocked(*arena, part, size_bytes, alignment);
  }
  for (Arena* arena = first(); arena != nullptr && run.arena == nullptr; arena = arena->next) {
    run = TakeFromLocked(*arena, part, size_bytes, alignment);
  }
  return run;
}

template <ThreadingModel Model>
void ArenaList<Model>::GiveLocked(Arena& arena, Arena::Part part, std::uintptr_t start) {
  PageRuns& runs = arena.runs(part);
  runs.Give(runs.PageOf(start));
}

template <ThreadingModel Model>
void* ArenaList<Model>::TakeTableLocked(Arena& arena, std::size_t size_bytes) {
  PageRuns& runs = arena.runs(Arena::Part::kTables);
  bool zeroed = false;
  const std::uint32_t page =
      runs.Take(runs.PagesFor(size_bytes), 1, PageRuns::State::kInternal, &zeroed);
  if (page == 0) return nullptr;
  void* table = PointerTo(runs.AddressOfPage(page));
  UnpoisonMemory(table, size_bytes);
  if (zeroed) return table;
  const std::size_t whole = runs.PagesFor(size_bytes) << runs.page_shift();
  // A large table is touched here and there: pages that come back as zero when they are.
  if (arena.backing().purge == nullptr || !arena.backing().purge(table, whole)) {
    std::memset(table, 0, size_bytes);
  }
  return table;
}

template <ThreadingModel Model>
void ArenaList<Model>::GiveTableLocked(Arena& arena, void* table) {
  GiveLocked(arena, Arena::Part::kTables, AddressOf(table));
}

template <ThreadingModel Model>
void* ArenaList<Model>::TakeTable(std::size_t size_bytes) {
  void* table = nullptr;
  Serve(size_bytes, 1, [&] {
    for (Arena* arena = first(); arena != nullptr && table == nullptr; arena = arena->next) {
      table = TakeTableLocked(*arena, size_bytes);
    }
    return table != nullptr;
  });
  return table;
}

template <ThreadingModel Model>
void ArenaList<Model>::GiveTable(void* table) {
  const LockGuard<Model> guard(lock_);
  GiveTableLocked(*Find(AddressOf(table)), table);
}

template <ThreadingModel Model>
void ArenaList<Model>::ReleaseAll() {
  // The list itself may lie in the first arena, which comes last: nothing of it is read after.
  const SourceReference source = source_;
  Arena* arena = first();
  head_.Publish(nullptr);
  while (arena != nullptr) {
    Arena* next = arena->next;
    const MemoryBlock block{PointerTo(arena->start()), arena->size_bytes()};
    UnpoisonMemory(block.start, block.size_bytes);  // who gets the bytes next may touch them all
    if (arena->is_from_source) source.release(source.source, block);
    arena = next;
  }
}

namespace {

// Adds up `get` over the distinct parts of each arena.
template <ThreadingModel Model, typename Get>
std::size_t Sum(ArenaList<Model>& list, Get get) {
  const LockGuard<Model> guard(list.lock());
  std::size_t sum = 0;
  for (Arena* arena = list.first(); arena != nullptr; arena = arena->next) {
    arena->ForEachRuns([&](PageRuns& runs) { sum += get(runs); });
  }
  return sum;
}

}  // namespace

template <ThreadingModel Model>
void ArenaList<Model>::PurgeIdle() {
  Sum(*this, [](PageRuns& runs) {
    runs.PurgeIdle();
    return std::size_t{0};
  });
}

template <ThreadingModel Model>
std::size_t ArenaList<Model>::PurgeAll() {
  return Sum(*this, [](PageRuns& runs) { return runs.PurgeAll(); });
}

template <ThreadingModel Model>
std::size_t ArenaList<Model>::total_bytes() {
  return Sum(*this, [](PageRuns& runs) { return runs.total_bytes(); });
}

template <ThreadingModel Model>
std::size_t ArenaList<Model>::used_bytes() {
  return Sum(*this, [](PageRuns& runs) { return runs.used_bytes(); });
}

template <ThreadingModel Model>
std::size_t ArenaList<Model>::dirty_free_bytes() {
  return Sum(*this, [](PageRuns& runs) { return runs.dirty_free_bytes(); });
}

template class ArenaList<Concurrent>;
template class ArenaList<SingleThreaded>;

}  // namespace ashlar::internal
