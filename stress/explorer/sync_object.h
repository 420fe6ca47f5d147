// sync_object.h - mutexes and their like: objects that carry knowledge between threads, known by
// their address. What the C library would do with them happens here.
#ifndef ASHLAR_STRESS_EXPLORER_SYNC_OBJECT_H_
#define ASHLAR_STRESS_EXPLORER_SYNC_OBJECT_H_

#include <cstddef>
#include <cstdint>

#include "stress/explorer/fiber.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct SyncObject {
  std::uintptr_t address;
  std::uint8_t owner;   // 0: nobody holds it (as a writer)
  std::uint32_t depth;  // locked so often by its owner; or by so many readers
  std::uint32_t arrived;  // at a barrier
  std::uint32_t round;    // of a barrier
  Knowledge knowledge;
};

// Once in the process; at the start of each execution.
void InitializeSyncObjects();
void ResetSyncObjects();
// For weak_memory.cc and location.cc.
void KeepViewsOfSyncObjects();
void WidenSyncObjects(unsigned chunk);
// Made anew in every execution: lanes of all fibers and locations for one chunk more.
void WidenTables();

SyncObject& SyncObjectAt(std::uintptr_t address);
// Null: nothing has happened there.
SyncObject* FindSyncObject(std::uintptr_t address);
// Its memory is another object's from now on. And that of all in so many bytes.
void ForgetSyncObject(std::uintptr_t address);
void ForgetSyncObjectsIn(std::uintptr_t start, std::size_t size);

// What the running thread knows goes into the object; what the object knows to the thread.
void ReleaseInto(SyncObject& object);
void AcquireFrom(const SyncObject& object);

enum class Attempt : std::uint8_t { kTry, kWait, kWaitTimed };

// All of them false: not acquired. That kWaitTimed gives up is a choice, and what happens when nobody
// else can run.
bool LockMutex(std::uintptr_t address, Attempt attempt, bool recursive, std::uint32_t pc);
void UnlockMutex(std::uintptr_t address, std::uint32_t pc);
bool LockShared(std::uintptr_t address, Attempt attempt, std::uint32_t pc);
bool LockExclusive(std::uintptr_t address, Attempt attempt, std::uint32_t pc);
void UnlockReadersWriter(std::uintptr_t address, std::uint32_t pc);

// False: timed out. A timed wait may time out at once: a choice.
bool WaitCondition(std::uintptr_t condition, std::uintptr_t mutex, bool timed, std::uint32_t pc);
void SignalCondition(std::uintptr_t condition, bool all, std::uint32_t pc);

// Semaphores count in memory of the caller's: `count`.
bool WaitSemaphore(std::uintptr_t address, std::uint32_t* count, Attempt attempt, std::uint32_t pc);
void PostSemaphore(std::uintptr_t address, std::uint32_t* count, std::uint32_t pc);

// True in one of `parties` threads.
bool WaitBarrier(std::uintptr_t address, std::uint32_t parties, std::uint32_t pc);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_SYNC_OBJECT_H_
