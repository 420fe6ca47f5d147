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
  MagazinePool* pool = nullptr;       // written before life.Open(), read by who is inside
  OwnedWord<std::uint32_t> recalled;  // number of the last recall; set under the lock of threads
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
  // The caller holds ThreadsLock(), and keeps it until the pool knows what is answered: from then
  // on others look into the pool.
  static Listing ListLocked(MagazinePool* pool, std::uint32_t entries);
  // After the pool's Lifeline has ended. Threads drop what they have of it at their next slow path.
  static void Unlist(std::uint32_t number);

  static PoolRecord& record(std::uint32_t number);

  // Asks all threads for what they have of the pool in magazines.
  static void Recall(std::uint32_t number);

  // Calls pool->Upkeep() for each live pool, as a visitor.
  static void UpkeepAll();
};

// Guards the directory, the lists of tables, a table that no thread has, and what is on its way
// home from where every thread may look for it (such tables, depots): who finds nothing there under
// the lock finds it at home. Locks of arenas are taken inside of it.
Lock<Concurrent>& ThreadsLock();

// Around a fork ThreadsLock() is held. Called once there is something to guard.
void PrepareThreadsForFork();

// At each slow path: acts on raised epochs, and now and then does the upkeep of all pools. Other
// pools are visited, never pinned: nothing ends in here.
void AttendTable(ThreadTable& table);

// Tells that so many bytes of slots went home to their slabs: after many, upkeep comes sooner.
void NoteHome(std::size_t size_bytes);

// Brings home all magazines of a table, but for those of pools whose end is declared: these stay,
// counted as they are, and are dropped after the end. The caller has the table alone.
void FlushTable(ThreadTable& table);

}  // namespace ashlar::internal

#endif  // ASHLAR_LIB_SLAB_POOL_DIRECTORY_H_
