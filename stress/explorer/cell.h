// cell.h - shadow memory: who touched each 8 bytes last, and which atomic locations lie there.
#ifndef ASHLAR_STRESS_EXPLORER_CELL_H_
#define ASHLAR_STRESS_EXPLORER_CELL_H_

#include <cstddef>
#include <cstdint>

#include "stress/explorer/image.h"
#include "stress/explorer/limits.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// One access to some of the 8 bytes.
struct Access {
  //  31    8 7    2    1      0
  //  +------+------+------+------+
  //  |epoch |thread|writes|atomic|
  //  +------+------+------+------+
  std::uint32_t pc;
  std::uint32_t bits;

  static Access Of(std::uint32_t pc, std::uint32_t epoch, std::uint32_t thread, bool writes,
                   bool atomic) {
    return {pc, epoch << 8 | thread << 2 | std::uint32_t{writes} << 1 | std::uint32_t{atomic}};
  }
  std::uint32_t epoch() const { return bits >> 8; }
  std::uint32_t thread() const { return bits >> 2 & (kMaxThreads - 1); }
  bool writes() const { return (bits & 2) != 0; }
  bool atomic() const { return (bits & 1) != 0; }
};
static_assert(sizeof(Access) == 8 && kMaxThreads == 64);

struct alignas(64) Cell {
  static constexpr unsigned kAccesses = 6;

  std::uint32_t execution;  // the one that the rest belongs to
  std::uint32_t location;   // the first atomic location here; 0: none
  std::uint8_t used;        // bit i: accesses[i] is one
  std::uint8_t writers : 7;  // bit i: it writes
  std::uint8_t freed : 1;    // memory of the body's heap that is not allocated
  std::uint8_t masks[kAccesses];  // which of the 8 bytes each access touched
  Access accesses[kAccesses];     // if freed: [0] is the free
};
static_assert(sizeof(Cell) == 64);

extern std::uint32_t g_execution;  // number of the present one

// Makes the cell this execution's, and notes what the memory holds if it is a global's.
[[gnu::noinline]] void RenewCell(Cell& cell, std::uintptr_t granule);
// The cell of an address outside the arena and the program's data.
[[gnu::noinline]] Cell& ForeignCell(std::uintptr_t granule);

// The cell of the 8 bytes that include `address`.
ASHLAR_HOT Cell& CellOf(std::uintptr_t address) {
  const std::uintptr_t granule = address & ~std::uintptr_t{7};
  Cell* cell;
  if (granule - kArena < kArenaBytes) [[likely]] {
    cell = reinterpret_cast<Cell*>(kArenaShadow + (granule - kArena) * 8);
  } else if (IsGlobal(granule)) {
    cell = reinterpret_cast<Cell*>(kGlobalShadow + (granule - g_image.data) * 8);
  } else {
    cell = &ForeignCell(granule);
  }
  if (cell->execution != g_execution) [[unlikely]] RenewCell(*cell, granule);
  return *cell;
}

// Once in the process.
void InitializeCells();
// Notes that `address`, in the arena, was written by the runtime itself.
void NoteTouched(std::uintptr_t address);
// Whole pages of the arena's heap become zeros: those that were touched since they last did.
void ZeroTouched(std::uintptr_t start, std::size_t size_bytes);
// All cells and globals as before the execution.
void RollBackGlobals();

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_CELL_H_
