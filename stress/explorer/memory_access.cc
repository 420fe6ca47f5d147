#include "stress/explorer/memory_access.h"
#include "stress/explorer/sync_object.h"

namespace ashlar::explorer {

bool g_races_fail = true;

namespace {

bool g_frees = false;  // the access at hand is a free

const char* NameOf(const Access& access) {
  if (access.atomic()) return access.writes() ? "atomic write" : "atomic read";
  return access.writes() ? "write" : "read";
}

}  // namespace

unsigned MakeRoom(Cell& cell, std::uint8_t mask, const Access& now) {
  for (unsigned rest = cell.used; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<unsigned>(__builtin_ctz(rest));
    const Access& access = cell.accesses[i];
    const bool is_mine = access.thread() == now.thread();
    const bool is_covered = now.writes() >= access.writes() && (cell.masks[i] & ~mask) == 0;
    if (is_mine && is_covered) return i;
  }
  const unsigned free = ~unsigned{cell.used} & ((1U << Cell::kAccesses) - 1);
  if (free != 0) return static_cast<unsigned>(__builtin_ctz(free));
  return (now.pc + now.epoch()) % Cell::kAccesses;
}

void ReportRace(const Access& earlier, const Access& now) {
  if (!g_races_fail) return;
  const char* what = g_frees ? "free" : NameOf(now);
  g_frees = false;
  DieAt(now.pc, earlier.pc, "data race: %s by T%u, %s by T%u before", what, now.thread(),
        NameOf(earlier), earlier.thread());
}

void ReportUseAfterFree(const Cell& cell, const Access& now) {
  const Access& free = cell.accesses[0];
  DieAt(now.pc, free.pc, "use after free: %s by T%u, freed by T%u", NameOf(now),
        now.thread(), free.thread());
}

void CheckLocations(Cell& cell, std::uint8_t mask, const Access& now) {
  for (std::uint32_t id = cell.location; id != 0; id = LocationAt(id).next) {
    Location& location = LocationAt(id);
    if ((MaskOf(location.address, location.size) & mask) == 0) continue;
    for (unsigned thread = 1; thread < g_fiber_count; ++thread) {
      if (thread == now.thread()) continue;
      const LastAccess& last = LastOf(location, thread);
      const std::uint32_t known = g_me->knows.clock.at[thread];
      if (last.write_epoch > known) {
        ReportRace(Access::Of(last.write_pc, last.write_epoch, thread, true, true), now);
      }
      if (now.writes() && last.read_epoch > known) {
        ReportRace(Access::Of(last.read_pc, last.read_epoch, thread, false, true), now);
      }
    }
    if (now.writes()) location.restarted = true;
  }
}

Location& MakeLocation(Cell& cell, std::uintptr_t address, unsigned size) {
  for (std::uint32_t other = cell.location; other != 0; other = LocationAt(other).next) {
    const Location& o = LocationAt(other);
    if (!o.restarted && o.address < address + size && address < o.address + o.size) {
      Die("atomic accesses of different sizes to the same bytes");
    }
  }
  Location& location = NewLocation(address, size);
  location.next = cell.location;
  cell.location = location.id;
  RestartLocation(location);
  return location;
}

void RenewMemory(std::uintptr_t start, std::size_t size, bool freed, std::uint32_t pc) {
  if (freed) ForgetSyncObjectsIn(start, size);
  const Access now = AccessNow(pc, true, false);
  for (std::uintptr_t granule = start & ~std::uintptr_t{7}; granule < start + size; granule += 8) {
    Cell& cell = CellOf(granule);
    if (freed) {  // a free is a write
      g_frees = true;
      PlainAccess(cell, 0xff, now);
      g_frees = false;
    }
    cell.freed = freed;
    cell.used = cell.writers = 1;
    cell.masks[0] = 0xff;
    cell.accesses[0] = now;
    for (std::uint32_t id = cell.location; id != 0; id = LocationAt(id).next) {
      LocationAt(id).restarted = true;
      ClearLast(LocationAt(id));
    }
  }
}

}  // namespace ashlar::explorer
