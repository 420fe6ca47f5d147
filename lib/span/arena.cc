#include "ashlar/internal/span/arena.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "ashlar/internal/base/bits.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kMinUnits = 4;
constexpr std::size_t kBaseUnits = 4;  // unit 0 is aligned to so many: the largest slab of a heap
constexpr std::size_t kMiB = std::size_t{1} << 20;

// Idle dirty memory that is kept, and memory in use from which on huge pages are asked for. Prices:
// lib/span/README.md.
constexpr std::size_t kDirtyLimit = 32 * kMiB;
constexpr std::size_t kHugeSlabsAfter = 32 * kMiB;
constexpr std::size_t kHugeBlocksAfter = 16 * kMiB;

// Cuts aligned pieces off a stretch of addresses.
class Cutter {
 public:
  explicit Cutter(std::uintptr_t at) : at_(at) {}
  std::uintptr_t Cut(std::size_t size_bytes, std::size_t alignment) {
    const std::uintptr_t piece = RoundUp(at_, alignment);
    at_ = piece + size_bytes;
    return piece;
  }
  std::uintptr_t at() const { return at_; }

 private:
  std::uintptr_t at_;
};

}  // namespace

void Arena::SetParts(unsigned tables, unsigned slabs, unsigned blocks) {
  part_index_[static_cast<unsigned>(Part::kTables)] = static_cast<unsigned char>(tables);
  part_index_[static_cast<unsigned>(Part::kSlabs)] = static_cast<unsigned char>(slabs);
  part_index_[static_cast<unsigned>(Part::kBlocks)] = static_cast<unsigned char>(blocks);
}

Arena* Arena::CreateInRegion(void* start, std::size_t size_bytes, const ArenaGeometry& geometry,
                             const Backing& backing) {
  const std::uintptr_t first = AddressOf(start);
  if (size_bytes > UINTPTR_MAX - first) return nullptr;
  const std::uintptr_t end = RoundDown(first + size_bytes, geometry.page_bytes());
  const std::uintptr_t base = RoundDown(first, kBaseUnits * geometry.unit_bytes());
  if (end <= first || base == 0) return nullptr;
  const std::size_t units = DivideUp(end - base, geometry.unit_bytes());
  const std::size_t pages = (end - base) >> geometry.page_shift;
  if (pages > PageRuns::kMaxPages) return nullptr;

  Cutter cutter(first);
  const std::uintptr_t arena_at = cutter.Cut(sizeof(Arena), alignof(Arena));
  const std::uintptr_t records_at =
      cutter.Cut(units << geometry.record_shift, std::size_t{1} << geometry.record_shift);
  const std::uintptr_t entries_at =
      cutter.Cut(pages * sizeof(PageRuns::Entry), alignof(PageRuns::Entry));
  const std::uintptr_t map_at = cutter.Cut(units, 1);
  const std::uintptr_t usable = RoundUp(cutter.at(), geometry.page_bytes());
  if (usable >= end || end - usable < kMinUnits * geometry.unit_bytes()) return nullptr;

  std::memset(PointerTo(records_at), 0, cutter.at() - records_at);
  auto* arena = new (PointerTo(arena_at)) Arena;
  arena->base_ = base;
  arena->units_ = units;
  arena->class_map_ = PointerTo<MapByte>(map_at);
  arena->records_ = PointerTo<std::byte>(records_at);
  arena->start_ = first;
  arena->size_bytes_ = size_bytes;
  arena->geometry_ = geometry;
  arena->set_shape_ = SlabSetShape(units);
  arena->backing_ = backing;
  arena->SetParts(0, 0, 0);
  PageRuns::Range range;
  range.base = base;
  range.page_shift = geometry.page_shift;
  // Page 0 exists only in a region that is aligned like a slab, and tables lie there.
  range.first_page = static_cast<std::uint32_t>((usable - base) >> geometry.page_shift);
  range.end_page = static_cast<std::uint32_t>(pages);
  range.entries = PointerTo<PageRuns::Entry>(entries_at);
  range.dirty_limit = kDirtyLimit;
  arena->runs_[0].Initialize(range, backing);
  return arena;
}

bool Arena::InitializeReserved(void* start, std::size_t size_bytes, const ArenaGeometry& geometry,
                               const Backing& backing) {
  // An eighth for tables, three eighths for slabs, half for blocks.
  const std::size_t grain = kBaseUnits * geometry.unit_bytes();
  const std::uintptr_t first = AddressOf(start);
  const std::uintptr_t slabs_at = first + RoundUp(size_bytes / 8, grain);
  const std::uintptr_t blocks_at = first + size_bytes / 2;
  const std::size_t units = (blocks_at - slabs_at) >> geometry.unit_shift;
  const std::size_t block_pages = (size_bytes - size_bytes / 2) >> geometry.page_shift;
  const std::size_t table_pages = (slabs_at - first) >> geometry.page_shift;

  Cutter cutter(first);
  const std::uintptr_t map_at = cutter.Cut(units, 64);
  const std::uintptr_t records_at = cutter.Cut(units << geometry.record_shift,
                                               std::size_t{1} << geometry.record_shift);
  const std::uintptr_t slab_entries_at = cutter.Cut(units * sizeof(PageRuns::Entry), 64);
  const std::uintptr_t block_entries_at = cutter.Cut(block_pages * sizeof(PageRuns::Entry), 64);
  const std::uintptr_t table_entries_at = cutter.Cut(table_pages * sizeof(PageRuns::Entry), 64);
  const std::uintptr_t usable = RoundUp(cutter.at(), geometry.page_bytes());
  if (usable >= slabs_at || !backing.commit(start, usable - first)) return false;

  base_ = slabs_at;
  units_ = units;
  class_map_ = PointerTo<MapByte>(map_at);
  records_ = PointerTo<std::byte>(records_at);
  start_ = first;
  size_bytes_ = size_bytes;
  geometry_ = geometry;
  set_shape_ = SlabSetShape(units);
  backing_ = backing;
  SetParts(0, 1, 2);

  PageRuns::Range tables;
  tables.base = first;
  tables.page_shift = geometry.page_shift;
  tables.first_page = static_cast<std::uint32_t>((usable - first) >> geometry.page_shift);
  tables.end_page = static_cast<std::uint32_t>(table_pages);
  tables.entries = PointerTo<PageRuns::Entry>(table_entries_at);
  runs_[0].Initialize(tables, backing);

  PageRuns::Range slabs;
  slabs.base = slabs_at;
  slabs.page_shift = geometry.unit_shift;
  slabs.first_page = kBaseUnits;
  slabs.end_page = static_cast<std::uint32_t>(units);
  slabs.entries = PointerTo<PageRuns::Entry>(slab_entries_at);
  slabs.dirty_limit = kDirtyLimit;
  slabs.huge_pages_after = kHugeSlabsAfter;
  runs_[1].Initialize(slabs, backing);

  PageRuns::Range blocks;
  blocks.base = blocks_at;
  blocks.page_shift = geometry.page_shift;
  blocks.first_page = 1;
  blocks.end_page = static_cast<std::uint32_t>(block_pages);
  blocks.entries = PointerTo<PageRuns::Entry>(block_entries_at);
  blocks.dirty_limit = kDirtyLimit;
  blocks.huge_pages_after = kHugeBlocksAfter;
  runs_[2].Initialize(blocks, backing);
  return true;
}

std::size_t Arena::units_in_use() const {
  const PageRuns& slabs = runs(Part::kSlabs);
  const std::uintptr_t top = slabs.AddressOfPage(slabs.top_page());
  return std::min(units_, DivideUp(top - base_, geometry_.unit_bytes()));
}

}  // namespace ashlar::internal
