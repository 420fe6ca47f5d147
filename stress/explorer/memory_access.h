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
  return Access::Of(pc, EpochOf(*g_me), g_me->id, writes, atomic);
}

inline bool HappenedBefore(const Access& access) {
  return access.epoch() <= g_me->knows.clock.at[access.thread()];
}

// An access that makes another of the same thread's superfluous gets its place, else a free one, else
// anybody's.
[[gnu::noinline]] unsigned MakeRoom(Cell& cell, std::uint8_t mask, const Access& now);

// Of a cell's accesses those that touch bytes of `mask` and have not happened before `now` race.
// Where `now` writes, those that it covers and that happened before it are forgotten: whatever races
// with them races with `now`.
ASHLAR_HOT void CheckRaces(Cell& cell, std::uint8_t mask, const Access& now, bool forgets) {
  for (unsigned rest = now.writes() ? cell.used : cell.writers; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<unsigned>(__builtin_ctz(rest));
    if ((cell.masks[i] & mask) == 0) continue;
    if (!HappenedBefore(cell.accesses[i])) {
      ReportRace(cell.accesses[i], now);
    } else if (forgets && (cell.masks[i] & ~mask) == 0) {
      cell.used &= static_cast<std::uint8_t>(~(1U << i));
      cell.writers &= ~(1U << i) & 0x7f;
    }
  }
}

// An access to some of the cell's bytes: `mask`.
ASHLAR_HOT void PlainAccess(Cell& cell, std::uint8_t mask, const Access& now) {
  if (cell.freed) [[unlikely]] ReportUseAfterFree(cell, now);
  if (cell.location != 0) [[unlikely]] CheckLocations(cell, mask, now);
  // Where this thread's accesses stand, if nobody else needs the place.
  unsigned put = (now.thread() + (now.writes() ? Cell::kAccesses / 2 : 0U)) % Cell::kAccesses;
  const Access& there = cell.accesses[put];
  const auto is_used = [&] { return (cell.used >> put & 1) != 0; };
  // The same again, and whoever came between looked at it.
  if (is_used() && there.bits == now.bits && (mask & ~cell.masks[put]) == 0) return;
  CheckRaces(cell, mask, now, now.writes());
  if (is_used()) {
    const bool is_mine = there.thread() == now.thread() && there.writes() == now.writes();
    if (!is_mine || (cell.masks[put] & ~mask) != 0) put = MakeRoom(cell, mask, now);
  }
  cell.accesses[put] = now;
  cell.masks[put] = mask;
  cell.used |= static_cast<std::uint8_t>(1U << put);
  if (now.writes()) {
    cell.writers |= 1U << put & 0x7f;
  } else {
    cell.writers &= ~(1U << put) & 0x7f;
  }
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
[[gnu::noinline]] Location& MakeLocation(Cell& cell, std::uintptr_t address, unsigned size);
[[gnu::noinline]] void RestartLocation(Location& location);

inline void NoteAtomicWrite(Location& location, std::uint32_t pc) {
  LastAccess& last = LastOf(location, g_me->id);
  last.write_epoch = EpochOf(*g_me);
  last.write_pc = pc;
}

// An atomic access to `location` in `cell`.
ASHLAR_HOT void CheckAtomic(Cell& cell, std::uint8_t mask, const Access& now, Location& location) {
  CheckRaces(cell, mask, now, false);
  if (now.writes()) return NoteAtomicWrite(location, now.pc);
  LastAccess& last = LastOf(location, g_me->id);
  last.read_epoch = EpochOf(*g_me);
  last.read_pc = now.pc;
}

// An atomic read that was checked is a write, too: it may race with reads.
ASHLAR_HOT void CheckItWrites(Cell& cell, std::uint8_t mask, std::uint32_t pc, Location& location) {
  const bool has_reads = cell.used != cell.writers;
  if (has_reads) [[unlikely]] CheckRaces(cell, mask, AccessNow(pc, true, true), false);
  NoteAtomicWrite(location, pc);
}

// The location of an atomic access to `cell`, made if there is none.
template <unsigned kSize>
ASHLAR_HOT Location& LocationIn(Cell& cell, std::uintptr_t address, bool writes, std::uint32_t pc) {
  if ((address & (kSize - 1)) != 0) [[unlikely]] DieAt(pc, 0, "misaligned atomic access");
  const Access now = AccessNow(pc, writes, true);
  if (cell.freed) [[unlikely]] ReportUseAfterFree(cell, now);
  Location* location = &LocationAt(cell.location);
  if (cell.location == 0) [[unlikely]] {
    location = &MakeLocation(cell, address, kSize);
  } else {
    while (location->address != address || location->size != kSize) {
      if (location->next == 0) [[unlikely]] {
        location = &MakeLocation(cell, address, kSize);
        break;
      }
      location = &LocationAt(location->next);
    }
    if (location->restarted ||
        ReadRaw(address, kSize) != location->store(location->newest()).value) [[unlikely]] {
      RestartLocation(*location);
    }
  }
  CheckAtomic(cell, MaskOf(address, kSize), now, *location);
  return *location;
}

// Memory of the heap that is handed out (freed = false) or comes back: all that was known is over.
void RenewMemory(std::uintptr_t start, std::size_t size, bool freed, std::uint32_t pc);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_MEMORY_ACCESS_H_
