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
  std::uint32_t pc;
  std::uint32_t epoch : 24;
  std::uint32_t thread : 6;
  std::uint32_t writes : 1;
  std::uint32_t atomic : 1;
};
static_assert(sizeof(Access) == 8);

struct alignas(64) Cell {
  static constexpr unsigned kAccesses = 6;

  std::uint32_t execution;  // the one that the rest belongs to
  std::uint32_t location;   // the first atomic location here; 0: none
  std::uint8_t count;       // of accesses
  bool freed;               // memory of the body's heap that is not allocated
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
// All cells and globals as before the execution.
void RollBackGlobals();

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_CELL_H_
