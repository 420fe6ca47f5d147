// pool_directory.h - every live MagazinePool of the process: who is who in the threads' tables.
//
// A record is never unmapped; its Lifeline tells whether the pool that a table's entry speaks of is
// still there. Numbers and entries are given out under the lock of threads, and entries are reused
// only when no table has a magazine in them.
#ifndef ASHLAR_LIB_SLAB_POOL_DIRECTORY_H_
#define ASHLAR_LIB_SLAB_POOL_DIRECTORY_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/internal/slab/magazine_pool.h"
#include "ashlar/internal/sync/epoch.h"
#include "ashlar/internal/sync/lifeline.h"
#include "ashlar/internal/sync/lock.h"
#include "ashlar/internal/sync/tally.h"

namespace ashlar::internal {

inline constexpr std::size_t kMaxPools = 16384;  // live at once

struct PoolRecord {
  Lifeline life;
  MagazinePool* pool = nullptr;       // written before life.Open(), read by who has a pin
  OwnedWord<std::uint32_t> recalled;  // 1: somebody asked for what lies in magazines
  std::uint32_t generation = 0;       // under the lock of threads
  std::uint32_t first_entry = 0;      // likewise; 0: none
  std::uint32_t entries = 0;
};

class PoolDirectory {
 public:
  struct Listing {
    std::uint32_t number = 0;  // 0: the directory is full
    std::uint32_t generation = 0;
    std::uint32_t first_entry = 0;  // 0: no entries are left, or none were asked for
  };
  // The caller holds ThreadsLock(), and keeps it until the pool knows what is answered: from then on
  // others look into the pool.
  static Listing ListLocked(MagazinePool* pool, std::uint32_t entries);
  // After the pool's Lifeline has ended.
  static void Unlist(std::uint32_t number);

  static PoolRecord& record(std::uint32_t number);

  // Calls pool->Upkeep() for each live pool.
  static void UpkeepAll();

  // Ends those pools whose end was declared and whose slots are all home or in magazines.
  static void LookForEnds();

  static Epoch& ends();      // raised when a pool's end was declared
  static Epoch& recalls();   // raised when a pool asks for what lies in magazines
};

// Guards the directory, the lists of tables, and a table that no thread has.
Lock<Concurrent>& ThreadsLock();

// Around a fork ThreadsLock() is held. Called once there is something to guard.
void PrepareThreadsForFork();

// At each slow path: acts on raised epochs, and now and then does the upkeep of all pools.
void AttendTable(ThreadTable& table);

// Tells that so many bytes of slots went home to their slabs: after many, upkeep comes sooner.
void NoteHome(std::size_t size_bytes);

// Brings home all magazines of a table; the caller has it alone.
void FlushTable(ThreadTable& table);

}  // namespace ashlar::internal

#endif  // ASHLAR_LIB_SLAB_POOL_DIRECTORY_H_
