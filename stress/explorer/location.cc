#include "stress/explorer/location.h"

#include <initializer_list>

#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/sync_object.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {

Location* g_locations;
Store* g_stores;
StoreLanes* g_lanes[kMaxChunks];
StoreLanes* g_view_lanes[kMaxChunks];
LastAccess* g_last[kMaxChunks];
std::uint32_t g_location_count;

void InitializeLocations() {
  constexpr std::size_t kCount = kMaxLocations + 1;
  g_locations = NewTable<Location>(kCount);
  g_stores = NewTable<Store>(kCount * kWindow);
  for (unsigned chunk = 0; chunk < kMaxChunks; ++chunk) {
    g_lanes[chunk] = NewTable<StoreLanes>(kCount * kWindow);
    g_view_lanes[chunk] = NewTable<StoreLanes>(kCount * kWindow);
    g_last[chunk] = NewTable<LastAccess>(kCount * kLanes);
  }
}

std::uint32_t NewLocation(std::uintptr_t address, unsigned size) {
  if (g_location_count == kMaxLocations) Die("more than %u atomic locations", kMaxLocations);
  const std::uint32_t id = ++g_location_count;
  Location& location = g_locations[id];
  location = {};
  location.address = address;
  location.size = static_cast<std::uint8_t>(size);
  ClearLast(id);
  return id;
}

void ClearLast(std::uint32_t location) {
  for (unsigned chunk = 0; chunk < g_chunks; ++chunk) {
    for (unsigned i = 0; i < kLanes; ++i) g_last[chunk][location * kLanes + i] = {};
  }
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
  for (std::uint32_t location = 1; location <= g_location_count; ++location) {
    for (unsigned i = 0; i < kLanes; ++i) g_last[chunk][location * kLanes + i] = {};
    for (unsigned slot = 0; slot < kWindow; ++slot) {
      FillLanes(g_lanes[chunk][location * kWindow + slot].clock, 0);
      FillLanes(g_lanes[chunk][location * kWindow + slot].seen, kUnseen);
      FillLanes(g_view_lanes[chunk][location * kWindow + slot].clock, 0);
    }
  }
  ++g_chunks;
  WidenSyncObjects(chunk);
}

}  // namespace ashlar::explorer
