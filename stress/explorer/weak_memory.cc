#include "stress/explorer/weak_memory.h"

#include <initializer_list>

#include "stress/explorer/memory_access.h"
#include "stress/explorer/sync_object.h"

namespace ashlar::explorer {

WeakMemory g_weak;
bool g_has_views;

void BeginWeakMemory(bool on) {
  g_weak.on = on;
  g_has_views = false;
  g_weak.seq_cst_time = 0;
  g_weak.stale = 0;
  Clear(g_weak.fence_view);
}

namespace {

// From here on views are kept: so far they were the clocks.
void KeepViews() {
  g_has_views = true;
  for (unsigned id = 0; id < g_fiber_count; ++id) {
    Fiber& fiber = g_fibers[id];
    for (Knowledge* k : {&fiber.knows, &fiber.pending_acquire, &fiber.released}) {
      Copy(k->view, k->clock);
    }
  }
  KeepViewsOfSyncObjects();
}

void FenceOf(Fiber& fiber, int order) {
  if (Acquires(order) && fiber.has_pending_acquire) Join(fiber.knows, fiber.pending_acquire);
  if (order == kSeqCst) {
    Join(fiber.knows.view, g_weak.fence_view);
    fiber.knows.view.at[0] = ++g_weak.seq_cst_time;
    Join(g_weak.fence_view, fiber.knows.view);
  }
  if (Releases(order)) {
    Copy(fiber.released, fiber.knows);
    fiber.has_released = true;
    BeginEpoch(fiber);
  }
}

}  // namespace

void Fence(int order, bool everywhere) {
  if (order == kSeqCst && !g_has_views) KeepViews();
  FenceOf(*g_me, order);
  if (!everywhere) return;
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    const Status status = g_fibers[id].status;
    if (id != g_me->id && status != Status::kNone && status != Status::kDone) {
      FenceOf(g_fibers[id], order);
    }
  }
  FenceOf(*g_me, order);
}

void RestartLocation(Location& location) {
  const std::uint32_t index = location.count++;
  location.store(index) = {ReadRaw(location.address, location.size), 0, 0, false, false, false};
  location.oldest = index;
  location.stale_run = 0;
  location.restarted = false;
  ForEachChunk([&](unsigned c) { FillLanes(LanesAt(location, index, c).seen, kUnseen); });
}

void OpenGap(Location& location, std::uint32_t index) {
  // The store that falls out of the window falls out of what may be read.
  if (location.count - location.oldest >= kWindow) location.oldest = location.count - kWindow + 1;
  for (std::uint32_t i = location.count; i > index; --i) {
    location.store(i) = location.store(i - 1);
    for (unsigned c = 0; c < g_chunks; ++c) {
      LanesAt(location, i, c) = LanesAt(location, i - 1, c);
      ViewLanesAt(location, i, c) = ViewLanesAt(location, i - 1, c);
    }
  }
  if (location.seq_cst_floor >= index) ++location.seq_cst_floor;
}

}  // namespace ashlar::explorer
