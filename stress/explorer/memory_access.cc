#include "stress/explorer/memory_access.h"
#include "stress/explorer/sync_object.h"

namespace ashlar::explorer {

bool g_races_fail = true;

namespace {

bool g_frees = false;  // the access at hand is a free

const char* NameOf(const Access& access) {
  if (access.atomic) return access.writes ? "atomic write" : "atomic read";
  return access.writes ? "write" : "read";
}

}  // namespace

void ReportRace(const Access& earlier, const Access& now) {
  if (!g_races_fail) return;
  const char* what = g_frees ? "free" : NameOf(now);
  g_frees = false;
  DieAt(now.pc, earlier.pc, "data race: %s by T%u, %s by T%u before", what, unsigned{now.thread},
        NameOf(earlier), unsigned{earlier.thread});
}

void ReportUseAfterFree(const Cell& cell, const Access& now) {
  const Access& free = cell.accesses[0];
  DieAt(now.pc, free.pc, "use after free: %s by T%u, freed by T%u", NameOf(now),
        unsigned{now.thread}, unsigned{free.thread});
}

void CheckLocations(Cell& cell, std::uint8_t mask, const Access& now) {
  for (std::uint32_t id = cell.location; id != 0; id = g_locations[id].next) {
    Location& location = g_locations[id];
    if ((MaskOf(location.address, location.size) & mask) == 0) continue;
    for (unsigned thread = 1; thread < g_fiber_count; ++thread) {
      if (thread == now.thread) continue;
      const LastAccess& last = LastOf(id, thread);
      const std::uint32_t known = g_me->knows.clock.at[thread];
      if (last.write_epoch > known) {
        ReportRace({last.write_pc, last.write_epoch & 0xffffff, thread & 63, 1, 1}, now);
      }
      if (now.writes && last.read_epoch > known) {
        ReportRace({last.read_pc, last.read_epoch & 0xffffff, thread & 63, 0, 1}, now);
      }
    }
    if (now.writes) location.restarted = true;
  }
}

std::uint32_t MakeLocation(Cell& cell, std::uintptr_t address, unsigned size) {
  for (std::uint32_t other = cell.location; other != 0; other = g_locations[other].next) {
    const Location& o = g_locations[other];
    if (!o.restarted && o.address < address + size && address < o.address + o.size) {
      Die("atomic accesses of different sizes to the same bytes");
    }
  }
  const std::uint32_t id = NewLocation(address, size);
  g_locations[id].next = cell.location;
  cell.location = id;
  RestartLocation(id);
  return id;
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
    cell.count = 1;
    cell.masks[0] = 0xff;
    cell.accesses[0] = now;
    for (std::uint32_t id = cell.location; id != 0; id = g_locations[id].next) {
      g_locations[id].restarted = true;
      ClearLast(id);
    }
  }
}

}  // namespace ashlar::explorer
