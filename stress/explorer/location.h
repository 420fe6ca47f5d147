// location.h - the atomic locations of an execution, and the last stores of each.
//
// A store's entry is split by what is touched together: the head, and for each eight threads one
// cache line with the clock that it publishes and the epochs in which it was seen (clock.h).
#ifndef ASHLAR_STRESS_EXPLORER_LOCATION_H_
#define ASHLAR_STRESS_EXPLORER_LOCATION_H_

#include <cstdint>

#include "stress/explorer/clock.h"
#include "stress/explorer/limits.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Location {
  std::uintptr_t address;
  std::uint32_t count;          // stores so far; the newest has index count - 1
  std::uint32_t oldest;         // index of the oldest store that anybody may read
  std::uint32_t seq_cst_floor;  // index of the newest seq_cst store
  std::uint32_t next;           // another location in the same 8 bytes; 0: none
  std::uint8_t size;            // 1, 2, 4, 8
  std::uint8_t stale_run;       // stale reads since the last store
  bool restarted;               // the memory was written otherwise, freed or reused
  std::uint32_t newest_pc;
};

// A store, or what the memory held before the first.
struct Store {
  std::uint64_t value;
  std::uint32_t pc;
  std::uint8_t thread;
  bool is_rmw;      // reads the store before it: nothing comes between them
  bool publishes;   // carries a clock
  bool views;       // carries a view of its own beside the clock
};

struct alignas(64) StoreLanes {
  std::uint32_t clock[kLanes];
  std::uint32_t seen[kLanes];
};

// The last atomic accesses of a thread, against plain accesses of others.
struct LastAccess {
  std::uint32_t read_epoch, write_epoch, read_pc, write_pc;
};

extern Location* g_locations;
extern Store* g_stores;                      // kWindow for each location
extern StoreLanes* g_lanes[kMaxChunks];      // the same
extern StoreLanes* g_view_lanes[kMaxChunks];  // .clock: views; .seen unused
extern LastAccess* g_last[kMaxChunks];       // kLanes for each location
extern std::uint32_t g_location_count;       // 0 is never used

inline std::uint32_t SlotOf(std::uint32_t location, std::uint32_t index) {
  return location * kWindow + index % kWindow;
}
inline Store& StoreAt(std::uint32_t location, std::uint32_t index) {
  return g_stores[SlotOf(location, index)];
}
inline StoreLanes& LanesAt(std::uint32_t location, std::uint32_t index, unsigned chunk) {
  return g_lanes[chunk][SlotOf(location, index)];
}
inline StoreLanes& ViewLanesAt(std::uint32_t location, std::uint32_t index, unsigned chunk) {
  return g_view_lanes[chunk][SlotOf(location, index)];
}
inline LastAccess& LastOf(std::uint32_t location, unsigned thread) {
  return g_last[thread / kLanes][location * kLanes + thread % kLanes];
}

// Once in the process.
void InitializeLocations();
// A new location without stores at an aligned address.
std::uint32_t NewLocation(std::uintptr_t address, unsigned size);
// Forgets what threads did to it: the memory begins anew.
void ClearLast(std::uint32_t location);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_LOCATION_H_
