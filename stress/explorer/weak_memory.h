// weak_memory.h - what loads may read and where stores may stand: C++20 [intro.races], [atomics.order].
//
// Executions are those of RC11 (Lahav et al., PLDI 2017): no thread reads a store that comes later
// in the execution, so that load buffering of relaxed accesses is not shown; all else is.
//
//   read        any store from the newest that the reader must know on (clock.h), within kWindow
//   write       last in modification order, or earlier, behind what the writer must know; never
//               between a read-modify-write and what it read; seq_cst stores always last
//   seq_cst     operations are in the order of execution: a seq_cst read sees the newest seq_cst
//               store or a later one. Fences: slot 0 of a thread's view says up to which seq_cst
//               operation it must see the stores; g_fence_view holds what all fences before knew.
//   release sequences   read-modify-writes alone go on with them, as of C++20
//
// A thread's clock is what happened before; its view is that and what seq_cst fences added: by a
// fence one may have to see a store without its having happened before. They differ only once an
// execution had a seq_cst fence (g_has_views); until then the view is not kept.
#ifndef ASHLAR_STRESS_EXPLORER_WEAK_MEMORY_H_
#define ASHLAR_STRESS_EXPLORER_WEAK_MEMORY_H_

#include <cstdint>

#include "stress/explorer/choices.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/limits.h"
#include "stress/explorer/location.h"
#include "stress/explorer/scheduler.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// As the instrumentation numbers them.
enum Order : int { kRelaxed, kConsume, kAcquire, kRelease, kAcqRel, kSeqCst };

inline bool Acquires(int order) { return order != kRelaxed && order != kRelease; }
inline bool Releases(int order) { return order >= kRelease; }

struct WeakMemory {
  bool on = true;
  std::uint32_t seq_cst_time = 0;  // seq_cst operations so far
  std::uint32_t stale = 0;         // stale reads and early stores so far
  Clock fence_view;
};
extern WeakMemory g_weak;

void BeginWeakMemory(bool on);
// A fence of the running thread; `everywhere`: of all threads at once, as membarrier.
void Fence(int order, bool everywhere);
// The memory was written by other means than an atomic store: what it holds now is all there is.
[[gnu::noinline]] void RestartLocation(Location& location);

inline const Clock& ViewOf(const Fiber& fiber) {
  return g_has_views ? fiber.knows.view : fiber.knows.clock;
}

ASHLAR_HOT bool IsKnown(Location& location, std::uint32_t index, const Clock& view) {
  bool is_known = false;
  ForEachChunk([&](unsigned c) ASHLAR_HOT_LAMBDA {
    is_known |= AnyLaneIncludes(LanesAt(location, index, c).seen, view.at + c * kLanes);
  });
  return is_known;
}

// The oldest store that the running thread may read; `depth` of them are looked at.
ASHLAR_HOT std::uint32_t FloorOf(Location& location, bool seq_cst, unsigned depth) {
  const Clock& view = ViewOf(*g_me);
  const std::uint32_t newest = location.newest();
  if (newest == location.oldest || IsKnown(location, newest, view)) return newest;
  std::uint32_t floor = location.count > depth ? location.count - depth : 0;
  if (floor < location.oldest) floor = location.oldest;
  if (seq_cst && floor < location.seq_cst_floor) floor = location.seq_cst_floor;
  for (std::uint32_t i = newest; i > floor; --i) {
    if (IsKnown(location, i, view)) return i;
    if (seq_cst && g_has_views && IsKnown(location, i, g_weak.fence_view)) return i;
  }
  return floor;
}

inline bool MayBeStale() {
  if (g_weak.stale < kMaxStale) return true;
  g_schedule.cut = true;
  return false;
}

// The index that a load of `order` reads.
ASHLAR_HOT std::uint32_t ChooseRead(Location& location, int order) {
  const std::uint32_t newest = location.newest();
  if (!g_weak.on) return newest;
  const std::uint32_t floor = FloorOf(location, order == kSeqCst, kWindow);
  if (floor == newest) return newest;
  if (!MayBeStale()) return newest;
  if (location.stale_run >= kMaxStaleRun) {
    g_schedule.cut = true;
    return newest;
  }
  const std::uint32_t back = Ask(newest - floor + 1, Kind::kRead);
  if (back > 0) {
    ++g_weak.stale;
    ++location.stale_run;
  }
  return newest - back;
}

// The index behind which a store, or a read-modify-write, stands. A gap before a
// read-modify-write is none.
ASHLAR_HOT std::uint32_t ChoosePlace(Location& location, int order) {
  const std::uint32_t newest = location.newest();
  if (!g_weak.on || order == kSeqCst) return newest;
  std::uint32_t floor = FloorOf(location, true, kWindow - 2);
  if (floor == newest || !MayBeStale()) return newest;
  const std::uint32_t back = Ask(newest - floor + 1, Kind::kPlace);
  if (back == 0 || location.store(newest - back + 1).is_rmw) return newest;
  ++g_weak.stale;
  return newest - back;
}

// The running thread has read store `index`.
ASHLAR_HOT void TakeIn(Location& location, std::uint32_t index, int order) {
  Fiber& me = *g_me;
  std::uint32_t& seen = LanesAt(location, index, me.id / kLanes).seen[me.id % kLanes];
  if (seen > EpochOf(me)) seen = EpochOf(me);
  const Store& store = location.store(index);
  if (!store.publishes) return;
  Knowledge& to = Acquires(order) ? me.knows : me.pending_acquire;
  if (!Acquires(order)) me.has_pending_acquire = true;
  ForEachChunk([&](unsigned c) ASHLAR_HOT_LAMBDA {
    const std::uint32_t* clock = LanesAt(location, index, c).clock;
    JoinLanes(to.clock.at + c * kLanes, clock);
    if (!g_has_views) [[likely]] return;
    JoinLanes(to.view.at + c * kLanes, clock);
    if (store.views) JoinLanes(to.view.at + c * kLanes, ViewLanesAt(location, index, c).clock);
  });
}

// Makes room behind `index` in modification order; the newest keep their places.
[[gnu::noinline]] void OpenGap(Location& location, std::uint32_t index);

// A store of the running thread behind store `after`; the caller wrote the memory if it is last.
ASHLAR_HOT void PutStore(Location& location, std::uint64_t value, int order, std::uint32_t pc,
                         bool is_rmw, std::uint32_t after) {
  Fiber& me = *g_me;
  const std::uint32_t at = after + 1;
  if (at < location.count) [[unlikely]] OpenGap(location, at);
  ++location.count;
  location.stale_run = 0;
  const Store& before = location.store(after);
  const Knowledge* publishes = Releases(order)    ? &me.knows
                               : me.has_released ? &me.released
                                                 : nullptr;
  const bool goes_on = is_rmw && before.publishes;  // the release sequence
  const bool any = publishes != nullptr || goes_on;
  location.store(at) = {value, pc, me.id, is_rmw, any, any && g_has_views};
  ForEachChunk([&](unsigned c) ASHLAR_HOT_LAMBDA {
    StoreLanes& lanes = LanesAt(location, at, c);
    FillLanes(lanes.seen, kUnseen);
    if (!any) return;
    if (publishes != nullptr) {
      CopyLanes(lanes.clock, publishes->clock.at + c * kLanes);
      if (goes_on) JoinLanes(lanes.clock, LanesAt(location, after, c).clock);
    } else {
      CopyLanes(lanes.clock, LanesAt(location, after, c).clock);
    }
    if (!g_has_views) [[likely]] return;
    std::uint32_t* view = ViewLanesAt(location, at, c).clock;
    FillLanes(view, 0);
    if (publishes != nullptr) CopyLanes(view, publishes->view.at + c * kLanes);
    if (goes_on && before.views) JoinLanes(view, ViewLanesAt(location, after, c).clock);
  });
  LanesAt(location, at, me.id / kLanes).seen[me.id % kLanes] = EpochOf(me);
  if (order == kSeqCst) {
    location.seq_cst_floor = at;
    LanesAt(location, at, 0).seen[0] = ++g_weak.seq_cst_time;
  }
  if (Releases(order)) BeginEpoch(me);
  me.fruitless = 0;
}

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_WEAK_MEMORY_H_
