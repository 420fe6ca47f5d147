// arena.h - one contiguous piece of memory, divided into units (for slabs) and pages (for runs),
// with everything that is known about them out of line.
//
//   A caller's region                        The process's reserved range
//   +--------+----------------------------+ +----------------+-----------------+-----------------+
//   | tables | pages: slabs, runs, tables | | tables, one    | slabs, by units | runs, by pages  |
//   +--------+----------------------------+ | PageRuns       | one PageRuns    | one PageRuns    |
//   ^ one PageRuns for all three            +----------------+-----------------+-----------------+
//
// Tables: a byte for each unit, the class map: the size class of the slab that covers the unit, 0
// where there is none or the slab is not a heap's; and a SlabRecord for each unit, used by the unit
// that a slab begins with. Both are found by arithmetic from an address.
//
// Threads   the class map and the records are atomic where threads meet; the runs are guarded by
//           the lock of the ArenaList that the arena is on.
#ifndef ASHLAR_INTERNAL_SPAN_ARENA_H_
#define ASHLAR_INTERNAL_SPAN_ARENA_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/internal/base/configuration.h"
#include "ashlar/internal/span/backing.h"
#include "ashlar/internal/span/page_runs.h"
#include "ashlar/internal/sync/published.h"
#include "ashlar/internal/sync/slab_set.h"

namespace ashlar::internal {

// How an arena is divided; decided by its size.
struct ArenaGeometry {
  unsigned unit_shift;     // slabs are whole units
  unsigned page_shift;     // runs are whole pages; a unit is whole pages
  unsigned record_shift;   // bytes of a unit's SlabRecord

  constexpr std::size_t unit_bytes() const { return std::size_t{1} << unit_shift; }
  constexpr std::size_t page_bytes() const { return std::size_t{1} << page_shift; }
};

// Checked builds keep twice the bits for each slot.
inline constexpr unsigned kMoreRecord = kChecked ? 1 : 0;
inline constexpr ArenaGeometry kTinyGeometry{10, 9, 5 + kMoreRecord};    // regions below 256 KiB
inline constexpr ArenaGeometry kSmallGeometry{12, 10, 6 + kMoreRecord};  // regions below 1 MiB
inline constexpr ArenaGeometry kLargeGeometry{14, 12, 7 + kMoreRecord};  // larger, and the process

constexpr const ArenaGeometry& GeometryFor(std::size_t region_bytes) {
  if (region_bytes < (std::size_t{256} << 10)) return kTinyGeometry;
  if (region_bytes < (std::size_t{1} << 20)) return kSmallGeometry;
  return kLargeGeometry;
}

class Arena {
 public:
  // Which of the arena's runs a call is about; in a region they are all the same.
  enum class Part : unsigned char { kTables, kSlabs, kBlocks };

  // Lays an arena out inside [start, start + size_bytes), tables first. Null, and nothing was
  // written, if that leaves less than four units or makes more than PageRuns::kMaxPages.
  static Arena* CreateInRegion(void* start, std::size_t size_bytes, const ArenaGeometry& geometry,
                               const Backing& backing);

  // Lays an arena out over reserved, uncommitted space; `this` is storage of the caller's. False if
  // the tables cannot be committed; nothing has changed then.
  [[nodiscard]] bool InitializeReserved(void* start, std::size_t size_bytes,
                                        const ArenaGeometry& geometry, const Backing& backing);

  constexpr Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  PageRuns& runs(Part part) { return runs_[part_index_[static_cast<unsigned>(part)]]; }
  const PageRuns& runs(Part part) const { return runs_[part_index_[static_cast<unsigned>(part)]]; }

  // One PageRuns for all: a table can stand in the way of slabs and blocks.
  bool IsInOnePart() const { return part_index_[static_cast<unsigned>(Part::kBlocks)] == 0; }

  // Calls f(PageRuns&) once for each PageRuns that the arena has.
  template <typename F>
  void ForEachRuns(F f) {
    const unsigned count = part_index_[static_cast<unsigned>(Part::kBlocks)] + 1U;
    for (unsigned i = 0; i < count; ++i) f(runs_[i]);
  }

  // The address of unit 0, aligned to at least four units; units before the first usable one are
  // never handed out.
  std::uintptr_t base() const { return base_; }
  std::size_t units() const { return units_; }
  const ArenaGeometry& geometry() const { return geometry_; }
  const SlabSetShape& set_shape() const { return set_shape_; }
  const Backing& backing() const { return backing_; }

  // True for each address that slabs or blocks can have.
  bool Contains(std::uintptr_t address) const { return address - start_ < size_bytes_; }
  bool Overlaps(std::uintptr_t start, std::size_t size_bytes) const {
    return start < start_ + size_bytes_ && start_ < start + size_bytes;
  }
  std::uintptr_t start() const { return start_; }
  std::size_t size_bytes() const { return size_bytes_; }

  // False: the address lies in no unit that a slab can cover.
  bool HasUnit(std::uintptr_t address) const { return UnitOf(address) < units_; }
  std::size_t UnitOf(std::uintptr_t address) const {
    return (address - base_) >> geometry_.unit_shift;
  }
  std::uintptr_t AddressOfUnit(std::size_t unit) const {
    return base_ + (unit << geometry_.unit_shift);
  }
  // unit < units().
  MapByte& class_of(std::size_t unit) const { return class_map_[unit]; }
  void* record(std::size_t unit) const { return records_ + (unit << geometry_.record_shift); }
  // No slab begins at or above this unit; for who looks at every slab. Under the list's lock.
  std::size_t units_in_use() const;

  Arena* next = nullptr;  // on the ArenaList; set before the arena is published
  bool is_from_source = false;  // the list gives it back to its source at the end

 private:
  void SetParts(unsigned tables, unsigned slabs, unsigned blocks);

  std::uintptr_t base_ = 0;
  std::size_t units_ = 0;
  MapByte* class_map_ = nullptr;
  std::byte* records_ = nullptr;
  std::uintptr_t start_ = 0;
  std::size_t size_bytes_ = 0;
  ArenaGeometry geometry_ = kLargeGeometry;
  SlabSetShape set_shape_;
  Backing backing_;
  unsigned char part_index_[3] = {};
  PageRuns runs_[3];
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SPAN_ARENA_H_
