// memory_access.h - plain accesses, checked for races, and the way from an address to its location.
//
// A race: two accesses of which one writes and not both are atomic, none of which happens before the
// other. Each 8 bytes remember some accesses; of more than Cell::kAccesses unordered ones a race may
// be missed, none is invented.
#ifndef ASHLAR_STRESS_EXPLORER_MEMORY_ACCESS_H_
#define ASHLAR_STRESS_EXPLORER_MEMORY_ACCESS_H_

#include <cstddef>
#include <cstdint>

#include "stress/explorer/cell.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/location.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

extern bool g_races_fail;

inline std::uint64_t ReadRaw(std::uintptr_t address, unsigned size) {
  switch (size) {
    case 1: return *reinterpret_cast<volatile std::uint8_t*>(address);
    case 2: return *reinterpret_cast<volatile std::uint16_t*>(address);
    case 4: return *reinterpret_cast<volatile std::uint32_t*>(address);
    default: return *reinterpret_cast<volatile std::uint64_t*>(address);
  }
}
inline void WriteRaw(std::uintptr_t address, unsigned size, std::uint64_t value) {
  switch (size) {
    case 1: *reinterpret_cast<volatile std::uint8_t*>(address) = static_cast<std::uint8_t>(value); break;
    case 2: *reinterpret_cast<volatile std::uint16_t*>(address) = static_cast<std::uint16_t>(value); break;
    case 4: *reinterpret_cast<volatile std::uint32_t*>(address) = static_cast<std::uint32_t>(value); break;
    default: *reinterpret_cast<volatile std::uint64_t*>(address) = value;
  }
}

[[gnu::noinline, gnu::cold]] void ReportRace(const Access& earlier, const Access& now);
[[noreturn, gnu::cold]] void ReportUseAfterFree(const Cell& cell, const Access& now);
// A plain access to 8 bytes with atomic locations: races with atomic accesses, and new beginnings.
[[gnu::noinline]] void CheckLocations(Cell& cell, std::uint8_t mask, const Access& now);

inline std::uint8_t MaskOf(std::uintptr_t address, std::size_t size) {
  return static_cast<std::uint8_t>(((1U << size) - 1) << (address & 7));
}

inline Access AccessNow(std::uint32_t pc, bool writes, bool atomic) {
  return {pc, EpochOf(*g_me) & 0xffffff, g_me->id, writes, atomic};
}

inline bool HappenedBefore(const Access& access) {
  return access.epoch <= g_me->knows.clock.at[access.thread];
}

// An access to some of the cell's bytes: `mask`.
ASHLAR_HOT void PlainAccess(Cell& cell, std::uint8_t mask, const Access& now) {
  if (cell.freed) [[unlikely]] ReportUseAfterFree(cell, now);
  if (cell.location != 0) [[unlikely]] CheckLocations(cell, mask, now);
  const Access& first = cell.accesses[0];
  if (cell.count == 1 && first.thread == now.thread && first.epoch == now.epoch &&
      first.writes >= now.writes && (mask & ~cell.masks[0]) == 0) {
    return;  // the same again, and nobody else was here
  }
  unsigned put = Cell::kAccesses;
  for (unsigned i = 0; i < cell.count; ++i) {
    const Access& access = cell.accesses[i];
    if ((cell.masks[i] & mask) == 0) continue;
    const bool covered = (cell.masks[i] & ~mask) == 0;
    if (access.thread == now.thread) {
      if (covered && now.writes >= access.writes) put = i;
      continue;
    }
    const bool ordered = HappenedBefore(access);
    if (!ordered && (access.writes || now.writes)) ReportRace(access, now);
    if (ordered && covered && now.writes && put == Cell::kAccesses) put = i;
  }
  if (put == Cell::kAccesses) {
    put = cell.count < Cell::kAccesses ? cell.count++ : (now.pc + now.epoch) % Cell::kAccesses;
  }
  cell.accesses[put] = now;
  cell.masks[put] = mask;
}

inline void PlainRange(std::uintptr_t address, std::size_t size, bool writes, std::uint32_t pc) {
  const Access now = AccessNow(pc, writes, false);
  while (size > 0) {
    const std::size_t here = 8 - (address & 7);
    const std::size_t part = here < size ? here : size;
    PlainAccess(CellOf(address), MaskOf(address, part), now);
    address += part;
    size -= part;
  }
}

// The location of an atomic access, checked against plain accesses.
[[gnu::noinline]] std::uint32_t MakeLocation(Cell& cell, std::uintptr_t address, unsigned size);
[[gnu::noinline]] void RestartLocation(std::uint32_t id);

// An atomic access to location `id` in `cell`.
ASHLAR_HOT void CheckAtomic(Cell& cell, std::uint8_t mask, const Access& now, std::uint32_t id) {
  for (unsigned i = 0; i < cell.count; ++i) {
    const Access& access = cell.accesses[i];
    if ((cell.masks[i] & mask) != 0 && (access.writes || now.writes) &&
        access.thread != now.thread && !HappenedBefore(access)) {
      ReportRace(access, now);
    }
  }
  LastAccess& last = LastOf(id, now.thread);
  if (now.writes) {
    last.write_epoch = now.epoch;
    last.write_pc = now.pc;
  } else {
    last.read_epoch = now.epoch;
    last.read_pc = now.pc;
  }
}

ASHLAR_HOT std::uint32_t LocationOf(std::uintptr_t address, unsigned size, bool writes,
                                std::uint32_t pc) {
  if ((address & (size - 1)) != 0) [[unlikely]] DieAt(pc, 0, "misaligned atomic access");
  Cell& cell = CellOf(address);
  const Access now = AccessNow(pc, writes, true);
  if (cell.freed) [[unlikely]] ReportUseAfterFree(cell, now);
  std::uint32_t id = cell.location;
  while (id != 0 && (g_locations[id].address != address || g_locations[id].size != size)) {
    id = g_locations[id].next;
  }
  if (id == 0) [[unlikely]] {
    id = MakeLocation(cell, address, size);
  } else if (g_locations[id].restarted ||
             ReadRaw(address, size) != StoreAt(id, g_locations[id].count - 1).value) [[unlikely]] {
    RestartLocation(id);
  }
  CheckAtomic(cell, MaskOf(address, size), now, id);
  return id;
}

// Memory of the heap that is handed out (freed = false) or comes back: all that was known is over.
void RenewMemory(std::uintptr_t start, std::size_t size, bool freed, std::uint32_t pc);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_MEMORY_ACCESS_H_
