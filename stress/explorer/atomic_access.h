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

inline std::uint64_t AtomicLoad(std::uintptr_t address, unsigned size, int order,
                                std::uintptr_t return_address) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, false, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kLoad);
  const std::uint32_t id = LocationOf(address, size, false, pc);
  const std::uint32_t index = ChooseRead(id, order);
  TakeIn(id, index, order);
  const std::uint64_t value = StoreAt(id, index).value;
  NoteFruitless(pc, id, value);
  Note(Verb::kLoad, pc, id, value, value, order, index + 1 != g_locations[id].count);
  return value;
}

inline void AtomicStore(std::uintptr_t address, unsigned size, std::uint64_t value, int order,
                        std::uintptr_t return_address) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, true, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kStore);
  const std::uint32_t id = LocationOf(address, size, true, pc);
  const std::uint32_t newest = g_locations[id].count - 1;
  const std::uint32_t after = ChoosePlace(id, order);
  Note(Verb::kStore, pc, id, StoreAt(id, after).value, value, order, after != newest);
  PutStore(id, value, order, pc, false, after);
  if (after == newest) WriteRaw(address, size, value);
}

// Reads store `after` and stands behind it.
ASHLAR_HOT void FinishExchange(std::uint32_t id, std::uintptr_t address, unsigned size,
                           std::uint64_t value, int order, std::uint32_t pc, std::uint32_t after) {
  const bool is_last = after + 1 == g_locations[id].count;
  const std::uint32_t fruitless = g_me->fruitless;
  const std::uint64_t before = StoreAt(id, after).value;
  TakeIn(id, after, order);
  PutStore(id, value, order, pc, true, after);
  if (is_last) WriteRaw(address, size, value);
  if (value == before) {
    g_me->fruitless = fruitless;
    NoteFruitless(pc, id, value);
  }
}

template <typename Change>
inline std::uint64_t AtomicExchange(std::uintptr_t address, unsigned size, int order,
                                    std::uintptr_t return_address, Change change) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, true, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kExchange);
  const std::uint32_t id = LocationOf(address, size, true, pc);
  const std::uint32_t after = ChoosePlace(id, order);
  const std::uint64_t before = StoreAt(id, after).value;
  const std::uint64_t value = change(before);
  Note(Verb::kExchange, pc, id, before, value, order, after + 1 != g_locations[id].count);
  FinishExchange(id, address, size, value, order, pc, after);
  return before;
}

inline bool AtomicCompareExchange(std::uintptr_t address, unsigned size, std::uint64_t* expected,
                                  std::uint64_t desired, int order, int failure_order,
                                  std::uintptr_t return_address) {
  const std::uint32_t pc = OffsetOf(return_address);
  AtomicStep(address, true, order == kSeqCst, pc);
  order = OrderAt(pc, order, Verb::kCompareExchange);
  failure_order = OrderAt(pc | kFailureSite, failure_order, Verb::kFailedCompareExchange);
  const std::uint32_t id = LocationOf(address, size, false, pc);  // a read, unless it succeeds
  const std::uint32_t newest = g_locations[id].count - 1;
  std::uint32_t index = ChooseRead(id, failure_order);
  if (index != newest && StoreAt(id, index).value == *expected) {
    // It would succeed: only where a read-modify-write may stand.
    const std::uint32_t lowest = FloorOf(id, true, kWindow - 2);
    if (order == kSeqCst || index < lowest || StoreAt(id, index + 1).is_rmw) index = newest;
  }
  const std::uint64_t found = StoreAt(id, index).value;
  if (found != *expected) {
    TakeIn(id, index, failure_order);
    Note(Verb::kFailedCompareExchange, pc, id, found, desired, failure_order, index != newest);
    NoteFruitless(pc, id, found);
    *expected = found;
    return false;
  }
  CheckAtomic(CellOf(address), MaskOf(address, size), AccessNow(pc, true, true), id);
  Note(Verb::kCompareExchange, pc, id, found, desired, order, index != newest);
  FinishExchange(id, address, size, desired, order, pc, index);
  return true;
}

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_ATOMIC_ACCESS_H_
