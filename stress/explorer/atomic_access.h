// atomic_access.h - the atomic operations of the code under test.
#ifndef ASHLAR_STRESS_EXPLORER_ATOMIC_ACCESS_H_
#define ASHLAR_STRESS_EXPLORER_ATOMIC_ACCESS_H_

#include <cstdint>

#include "stress/explorer/event.h"
#include "stress/explorer/image.h"
#include "stress/explorer/memory_access.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/site.h"
#include "stress/explorer/weak_memory.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// An access that changed nothing. Many in a row are a loop that waits for others, most of all when
// they are the same one again: the thread has to make way.
ASHLAR_HOT void NoteFruitless(std::uint32_t pc, std::uint32_t id, std::uint64_t value) {
  Fiber& me = *g_me;
  const bool again = me.last_pc == pc && me.last_location == id && me.last_value == value;
  me.fruitless += again ? kFruitless / 8 : 1;
  me.last_pc = pc;
  me.last_location = id;
  me.last_value = value;
}

// kSize: of the atomic, in bytes.
template <unsigned kSize>
std::uint64_t AtomicLoad(std::uintptr_t address, int order, std::uintptr_t return_address) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, false, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kLoad);
  Cell& cell = CellOf(address);
  Location& location = LocationIn<kSize>(cell, address, false, pc);
  const std::uint32_t index = ChooseRead(location, order);
  TakeIn(location, index, order);
  const std::uint64_t value = location.store(index).value;
  NoteFruitless(pc, location.id, value);
  Note(Verb::kLoad, pc, location.id, value, value, order, index + 1 != location.count);
  return value;
}

template <unsigned kSize>
void AtomicStore(std::uintptr_t address, std::uint64_t value, int order,
                 std::uintptr_t return_address) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, true, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kStore);
  Cell& cell = CellOf(address);
  Location& location = LocationIn<kSize>(cell, address, true, pc);
  const std::uint32_t newest = location.newest();
  const std::uint32_t after = ChoosePlace(location, order);
  Note(Verb::kStore, pc, location.id, location.store(after).value, value, order, after != newest);
  PutStore(location, value, order, pc, false, after);
  if (after == newest) WriteRaw(address, kSize, value);
}

// Reads store `after` and stands behind it.
template <unsigned kSize>
ASHLAR_HOT void FinishExchange(Location& location, std::uintptr_t address, std::uint64_t value,
                               int order, std::uint32_t pc, std::uint32_t after) {
  const bool is_last = after + 1 == location.count;
  const std::uint32_t fruitless = g_me->fruitless;
  const std::uint64_t before = location.store(after).value;
  TakeIn(location, after, order);
  PutStore(location, value, order, pc, true, after);
  if (is_last) WriteRaw(address, kSize, value);
  if (value == before) {
    g_me->fruitless = fruitless;
    NoteFruitless(pc, location.id, value);
  }
}

template <unsigned kSize, typename Change>
std::uint64_t AtomicExchange(std::uintptr_t address, int order, std::uintptr_t return_address,
                             Change change) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, true, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kExchange);
  Cell& cell = CellOf(address);
  Location& location = LocationIn<kSize>(cell, address, true, pc);
  const std::uint32_t after = ChoosePlace(location, order);
  const std::uint64_t before = location.store(after).value;
  const std::uint64_t value = change(before);
  Note(Verb::kExchange, pc, location.id, before, value, order, after + 1 != location.count);
  FinishExchange<kSize>(location, address, value, order, pc, after);
  return before;
}

template <unsigned kSize>
bool AtomicCompareExchange(std::uintptr_t address, std::uint64_t* expected, std::uint64_t desired,
                           int order, int failure_order, std::uintptr_t return_address) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, true, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kCompareExchange);
  failure_order = OrderAt(pc | kFailureSite, failure_order, Verb::kFailedCompareExchange);
  Cell& cell = CellOf(address);
  Location& location = LocationIn<kSize>(cell, address, false, pc);  // a read, unless it succeeds
  const std::uint32_t newest = location.newest();
  std::uint32_t index = ChooseRead(location, failure_order);
  if (index != newest && location.store(index).value == *expected) {
    // It would succeed: only where a read-modify-write may stand.
    const std::uint32_t lowest = FloorOf(location, true, kWindow - 2);
    if (order == kSeqCst || index < lowest || location.store(index + 1).is_rmw) index = newest;
  }
  const std::uint64_t found = location.store(index).value;
  if (found != *expected) {
    TakeIn(location, index, failure_order);
    Note(Verb::kFailedCompareExchange, pc, location.id, found, desired, failure_order,
         index != newest);
    NoteFruitless(pc, location.id, found);
    *expected = found;
    return false;
  }
  CheckItWrites(cell, MaskOf(address, kSize), pc, location);
  Note(Verb::kCompareExchange, pc, location.id, found, desired, order, index != newest);
  FinishExchange<kSize>(location, address, desired, order, pc, index);
  return true;
}

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_ATOMIC_ACCESS_H_
