#include "stress/explorer/sync_object.h"

#include "stress/explorer/cell.h"
#include "stress/explorer/choices.h"
#include "stress/explorer/event.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/limits.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {
namespace {

SyncObject* g_objects;
std::uint32_t g_object_count;

}  // namespace

void InitializeSyncObjects() { g_objects = NewTable<SyncObject>(kMaxSyncObjects); }

void ResetSyncObjects() { g_object_count = 0; }

void KeepViewsOfSyncObjects() {
  for (std::uint32_t i = 0; i < g_object_count; ++i) {
    Copy(g_objects[i].knowledge.view, g_objects[i].knowledge.clock);
  }
}

void WidenSyncObjects(unsigned chunk) {
  for (std::uint32_t i = 0; i < g_object_count; ++i) {
    FillLanes(g_objects[i].knowledge.clock.at + chunk * kLanes, 0);
    FillLanes(g_objects[i].knowledge.view.at + chunk * kLanes, 0);
  }
}

SyncObject* FindSyncObject(std::uintptr_t address) {
  // The newest first: programs take the same few locks again and again.
  for (std::uint32_t i = g_object_count; i-- > 0;) {
    if (g_objects[i].address == address) return &g_objects[i];
  }
  return nullptr;
}

SyncObject& SyncObjectAt(std::uintptr_t address) {
  if (SyncObject* found = FindSyncObject(address)) return *found;
  if (g_object_count == kMaxSyncObjects) Die("more than %u mutexes and their like", kMaxSyncObjects);
  SyncObject& object = g_objects[g_object_count++];
  object.address = address;
  object.owner = 0;
  object.depth = object.arrived = object.round = 0;
  for (unsigned c = 0; c < g_chunks; ++c) {
    FillLanes(object.knowledge.clock.at + c * kLanes, 0);
    FillLanes(object.knowledge.view.at + c * kLanes, 0);
  }
  return object;
}

namespace {

// Where no object is; the second kind is still looked at by threads that wait, or did until just now.
constexpr std::uintptr_t kNothing = 0;
constexpr std::uintptr_t kAbandoned = 1;

bool IsAwaited(std::uintptr_t address) {
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    if (g_fibers[id].waits_for == address) return true;
  }
  return false;
}

}  // namespace

void ForgetSyncObject(std::uintptr_t address) { ForgetSyncObjectsIn(address, 1); }

void ForgetSyncObjectsIn(std::uintptr_t start, std::size_t size) {
  for (std::uint32_t i = 0; i < g_object_count; ++i) {
    std::uintptr_t& address = g_objects[i].address;
    if (address - start < size) address = IsAwaited(address) ? kAbandoned : kNothing;
  }
  while (g_object_count > 0 && g_objects[g_object_count - 1].address == kNothing) --g_object_count;
}

void ReleaseInto(SyncObject& object) {
  Join(object.knowledge, g_me->knows);
  BeginEpoch(*g_me);
  g_me->fruitless = 0;
}

void AcquireFrom(const SyncObject& object) {
  Join(g_me->knows, object.knowledge);
  g_me->fruitless = 0;
}

namespace {

bool GivesUpAtOnce(Attempt attempt) {
  if (attempt == Attempt::kWait) return false;
  if (attempt == Attempt::kWaitTimed && Ask(2, Kind::kProgram) == 0) return false;
  ++g_me->fruitless;
  return true;
}

// Waits while `busy`; false if the attempt gives up.
template <typename Busy>
bool WaitWhile(std::uintptr_t address, Attempt attempt, Busy busy) {
  while (busy()) {
    if (GivesUpAtOnce(attempt)) return false;
    if (Block(address, attempt == Attempt::kWaitTimed) && busy()) return false;
  }
  return true;
}

}  // namespace

bool LockMutex(std::uintptr_t address, Attempt attempt, bool recursive, std::uint32_t pc) {
  Step(address, true);
  SyncObject& mutex = SyncObjectAt(address);
  if (mutex.owner == g_me->id) {
    if (recursive) {
      ++mutex.depth;
      return true;
    }
    if (attempt == Attempt::kTry) return false;
    DieAt(pc, 0, "deadlock: T%u locks a mutex that it holds", unsigned{g_me->id});
  }
  if (!WaitWhile(address, attempt, [&] { return mutex.owner != 0; })) return false;
  mutex.owner = g_me->id;
  mutex.depth = 1;
  AcquireFrom(mutex);
  Note(Verb::kLock, pc, 0, address, 0, 0);
  return true;
}

void UnlockMutex(std::uintptr_t address, std::uint32_t pc) {
  Step(address, true);
  SyncObject& mutex = SyncObjectAt(address);
  if (mutex.owner != g_me->id) DieAt(pc, 0, "T%u unlocks a mutex that it does not hold", unsigned{g_me->id});
  if (--mutex.depth > 0) return;
  mutex.owner = 0;
  ReleaseInto(mutex);
  WakeAll(address);
  Note(Verb::kUnlock, pc, 0, address, 0, 0);
}

bool LockShared(std::uintptr_t address, Attempt attempt, std::uint32_t pc) {
  Step(address, true);
  SyncObject& lock = SyncObjectAt(address);
  if (!WaitWhile(address, attempt, [&] { return lock.owner != 0; })) return false;
  ++lock.depth;
  AcquireFrom(lock);
  Note(Verb::kLock, pc, 0, address, 0, 0);
  return true;
}

bool LockExclusive(std::uintptr_t address, Attempt attempt, std::uint32_t pc) {
  Step(address, true);
  SyncObject& lock = SyncObjectAt(address);
  if (!WaitWhile(address, attempt, [&] { return lock.owner != 0 || lock.depth > 0; })) return false;
  lock.owner = g_me->id;
  AcquireFrom(lock);
  Note(Verb::kLock, pc, 0, address, 0, 0);
  return true;
}

void UnlockReadersWriter(std::uintptr_t address, std::uint32_t pc) {
  Step(address, true);
  SyncObject& lock = SyncObjectAt(address);
  if (lock.owner == g_me->id) {
    lock.owner = 0;
  } else if (lock.depth > 0) {
    --lock.depth;
  } else {
    DieAt(pc, 0, "T%u unlocks a readers-writer lock that nobody holds", unsigned{g_me->id});
  }
  ReleaseInto(lock);
  if (lock.depth == 0) WakeAll(address);
  Note(Verb::kUnlock, pc, 0, address, 0, 0);
}

bool WaitCondition(std::uintptr_t condition, std::uintptr_t mutex, bool timed, std::uint32_t pc) {
  bool timed_out = timed && Ask(2, Kind::kProgram) == 1;
  // Unlocking and going to sleep are one step: who signals afterwards with the mutex wakes this one.
  SyncObject& held = SyncObjectAt(mutex);
  if (held.owner != g_me->id) DieAt(pc, 0, "T%u waits without the mutex", unsigned{g_me->id});
  Step(condition, true);
  const std::uint32_t depth = held.depth;
  held.owner = 0;
  held.depth = 0;
  ReleaseInto(held);
  WakeAll(mutex);
  Note(Verb::kWait, pc, 0, condition, 0, 0);
  if (!timed_out) timed_out = Block(condition, timed);
  LockMutex(mutex, Attempt::kWait, false, pc);
  SyncObjectAt(mutex).depth = depth;
  return !timed_out;
}

void SignalCondition(std::uintptr_t condition, bool all, std::uint32_t pc) {
  Step(condition, true);
  Note(Verb::kWake, pc, 0, condition, 0, 0);
  if (all) {
    WakeAll(condition);
  } else {
    WakeOne(condition);
  }
}

bool WaitSemaphore(std::uintptr_t address, std::uint32_t* count, Attempt attempt, std::uint32_t pc) {
  Step(address, true);
  SyncObject& semaphore = SyncObjectAt(address);
  CellOf(address);  // rolled back, if it is a global's
  if (!WaitWhile(address, attempt, [&] { return *count == 0; })) return false;
  --*count;
  AcquireFrom(semaphore);
  Note(Verb::kLock, pc, 0, address, 0, 0);
  return true;
}

void PostSemaphore(std::uintptr_t address, std::uint32_t* count, std::uint32_t pc) {
  Step(address, true);
  ReleaseInto(SyncObjectAt(address));
  CellOf(address);  // rolled back, if it is a global's
  ++*count;
  WakeAll(address);
  Note(Verb::kUnlock, pc, 0, address, 0, 0);
}

bool WaitBarrier(std::uintptr_t address, std::uint32_t parties, std::uint32_t pc) {
  Step(address, true);
  SyncObject& barrier = SyncObjectAt(address);
  ReleaseInto(barrier);
  Note(Verb::kWait, pc, 0, address, 0, 0);
  const bool is_last = ++barrier.arrived == parties;
  if (is_last) {
    barrier.arrived = 0;
    ++barrier.round;
    WakeAll(address);
  } else {
    const std::uint32_t round = barrier.round;
    while (barrier.round == round) Block(address);
  }
  AcquireFrom(barrier);
  return is_last;
}

}  // namespace ashlar::explorer
