#include "stress/explorer/location.h"

#include <string.h>

#include <initializer_list>

#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/sync_object.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {

LastAccess* g_last[kMaxChunks];
StoreLanes* g_lanes[kMaxChunks];
StoreLanes* g_view_lanes[kMaxChunks];
std::uint32_t g_location_count;

void InitializeLocations() {
  constexpr std::size_t kCount = kMaxLocations + 1;
  ReserveTable(kLocationTable, kCount * sizeof(Location));
  for (unsigned chunk = 0; chunk < kMaxChunks; ++chunk) {
    g_view_lanes[chunk] = NewTable<StoreLanes>(kCount * kWindow);
    if (chunk == 0) continue;
    g_last[chunk] = NewTable<LastAccess>(kCount * kLanes);
    g_lanes[chunk] = NewTable<StoreLanes>(kCount * kWindow);
  }
}

Location& NewLocation(std::uintptr_t address, unsigned size) {
  if (g_location_count == kMaxLocations) Die("more than %u atomic locations", kMaxLocations);
  const std::uint32_t id = ++g_location_count;
  Location& location = LocationAt(id);
  location.address = address;
  location.id = id;
  location.count = location.oldest = location.seq_cst_floor = location.next = 0;
  location.size = static_cast<std::uint8_t>(size);
  ClearLast(location);
  return location;
}

void ClearLast(Location& location) {
  memset(location.last, 0, sizeof location.last);
  for (unsigned thread = kLanes; thread < g_chunks * kLanes; ++thread) LastOf(location, thread) = {};
}

// A thread beyond the chunks in use: its lanes become as at the start of an execution.
void WidenTables() {
  const unsigned chunk = g_chunks;
  if (chunk == kMaxChunks) Die("more than %u threads", kMaxThreads - 1);
  for (unsigned id = 0; id < kMaxThreads; ++id) {
    Fiber& fiber = g_fibers[id];
    for (Knowledge* k : {&fiber.knows, &fiber.pending_acquire, &fiber.released}) {
      FillLanes(k->clock.at + chunk * kLanes, 0);
      FillLanes(k->view.at + chunk * kLanes, 0);
    }
  }
  for (std::uint32_t id = 1; id <= g_location_count; ++id) {
    Location& location = LocationAt(id);
    for (unsigned i = 0; i < kLanes; ++i) LastOf(location, chunk * kLanes + i) = {};
    for (unsigned index = 0; index < kWindow; ++index) {
      FillLanes(LanesAt(location, index, chunk).clock, 0);
      FillLanes(LanesAt(location, index, chunk).seen, kUnseen);
      FillLanes(ViewLanesAt(location, index, chunk).clock, 0);
    }
  }
  ++g_chunks;
  WidenSyncObjects(chunk);
}

}  // namespace ashlar::explorer
