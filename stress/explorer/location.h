// location.h - the atomic locations of an execution, and the last stores of each.
//
// All of a location that an access of one of the first eight threads touches stands together; what
// further threads need is in tables beside it, eight threads each.
#ifndef ASHLAR_STRESS_EXPLORER_LOCATION_H_
#define ASHLAR_STRESS_EXPLORER_LOCATION_H_

#include <cstdint>

#include "stress/explorer/clock.h"
#include "stress/explorer/limits.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// A store, or what the memory held before the first.
struct Store {
  std::uint64_t value;
  std::uint32_t pc;
  std::uint8_t thread;
  bool is_rmw;      // reads the store before it: nothing comes between them
  bool publishes;   // carries a clock
  bool views;       // carries a view of its own beside the clock
};

// Of a store, for eight threads: the clock that it publishes, and the epochs in which it was seen
// (clock.h).
struct alignas(64) StoreLanes {
  std::uint32_t clock[kLanes];
  std::uint32_t seen[kLanes];
};

// The last atomic accesses of a thread, against plain accesses of others.
struct LastAccess {
  std::uint32_t read_epoch, write_epoch, read_pc, write_pc;
};

struct Location {
  std::uintptr_t address;
  std::uint32_t id;             // its place in the table; 0 is never used
  std::uint32_t count;          // stores so far; the newest has index count - 1
  std::uint32_t oldest;         // index of the oldest store that anybody may read
  std::uint32_t seq_cst_floor;  // index of the newest seq_cst store
  std::uint32_t next;           // another location in the same 8 bytes; 0: none
  std::uint8_t size;            // 1, 2, 4, 8
  std::uint8_t stale_run;       // stale reads since the last store
  bool restarted;               // the memory was written otherwise, freed or reused
  Store stores[kWindow];
  LastAccess last[kLanes];
  StoreLanes lanes[kWindow];

  std::uint32_t newest() const { return count - 1; }
  Store& store(std::uint32_t index) { return stores[index % kWindow]; }
};

// The same for each eight threads more; and the views of stores that have some: .clock, .seen unused.
extern LastAccess* g_last[kMaxChunks];        // kLanes for each location
extern StoreLanes* g_lanes[kMaxChunks];       // kWindow for each location
extern StoreLanes* g_view_lanes[kMaxChunks];  // the same, of the first eight threads too
extern std::uint32_t g_location_count;

inline Location& LocationAt(std::uint32_t id) {
  return reinterpret_cast<Location*>(kLocationTable)[id];
}
inline StoreLanes& LanesAt(Location& location, std::uint32_t index, unsigned chunk) {
  if (chunk == 0) return location.lanes[index % kWindow];
  return g_lanes[chunk][location.id * kWindow + index % kWindow];
}
inline StoreLanes& ViewLanesAt(Location& location, std::uint32_t index, unsigned chunk) {
  return g_view_lanes[chunk][location.id * kWindow + index % kWindow];
}
inline LastAccess& LastOf(Location& location, unsigned thread) {
  if (thread < kLanes) [[likely]] return location.last[thread];
  return g_last[thread / kLanes][location.id * kLanes + thread % kLanes];
}

// Once in the process.
void InitializeLocations();
// A new location without stores at an aligned address.
Location& NewLocation(std::uintptr_t address, unsigned size);
// Forgets what threads did to it: the memory begins anew.
void ClearLast(Location& location);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_LOCATION_H_
