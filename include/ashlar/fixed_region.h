// fixed_region.h - the caller's bytes as a source of memory: a static array, a huge page, memory of
// a device. Several caches may draw from one region at once; nothing else is ever allocated by it.
//
//   alignas(64) static std::byte bytes[1 << 20];
//   ashlar::FixedRegion region(bytes, sizeof bytes);
//   ashlar::SlabCache<Packet> packets(region);
//
// A region is divided into tables, and pages and slabs as caches ask. Memory of one cache serves
// the others once it is free. Regions below some 8 KiB are too small.
//
// Tables    take, measured at several alignments, 38 to 44 % of 8 KiB, 22 to 25 % of 16 KiB, 14 to
//           16 % of 32 KiB, 10 to 11 % of 64 KiB, 7.3 to 8 % of 200 to 255 KiB; from 256 KiB on,
//           where units are larger, 4.3 to 4.7 %, falling to 3.5 %; from 1 MiB on 1.6 to 2 %,
//           falling to 1.2 %. A cache takes two or three pages besides; a heap 1 to 4 KiB of up to
//           4 MiB, half a KiB for each MiB of more. Checked builds take up to twice as much.
// Life      the FixedRegion outlives what draws from it, and the bytes outlive the FixedRegion: its
//           tables lie in them. A cache may outlive its handles while objects live; IsIdle() tells
//           whether anything of the region is still in use, and so whether the FixedRegion may be
//           destroyed. Magazines of other threads do not count: once a cache is over they are
//           dropped unread, and nothing of the region is touched.
// Threads   any, at any time, for FixedRegion; one at a time for SingleThreadedRegion.
#ifndef ASHLAR_FIXED_REGION_H_
#define ASHLAR_FIXED_REGION_H_

#include <cstddef>

#include "ashlar/concepts.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/memory_source.h"
#include "ashlar/threading_model.h"

namespace ashlar {

template <ThreadingModel Model>
class BasicFixedRegion {
 public:
  // Without memory, until Add().
  BasicFixedRegion();
  // The first bytes; status() tells what became of them.
  BasicFixedRegion(void* start, std::size_t size_bytes);
  // Everything that drew from the region is over.
  ~BasicFixedRegion();
  BasicFixedRegion(const BasicFixedRegion&) = delete;
  BasicFixedRegion& operator=(const BasicFixedRegion&) = delete;

  // More bytes, anywhere. Any alignment; bytes that were added before are refused.
  AddStatus Add(void* start, std::size_t size_bytes);
  [[nodiscard]] AddStatus status() const;  // of the last Add()

  // True when nothing of the region is in use: it may be destroyed, and then the bytes are the
  // caller's again.
  [[nodiscard]] bool IsIdle();
  // Waits until it is. Blocks; objects must be on their way back.
  void WaitUntilIdle();

  // Whole pages for other uses: `pages` of them in a row, at a multiple of `alignment` bytes, a
  // power of two. Null: no such run is free (caches may hold empty slabs), and nothing has changed.
  // Holds a lock.
  [[nodiscard]] void* AllocatePages(std::size_t pages, std::size_t alignment = 1) noexcept;
  // Takes back what AllocatePages() gave for as many pages; null: nothing. Ends the process if it
  // is anything else.
  void FreePages(void* start, std::size_t pages) noexcept;
  // 512 bytes, 1 KiB or 4 KiB: decided by the first bytes that were added.
  [[nodiscard]] std::size_t page_bytes();

  // Bytes that can be handed out, after tables; and those that are.
  [[nodiscard]] std::size_t total_bytes() { return arenas_.total_bytes(); }
  [[nodiscard]] std::size_t used_bytes() { return arenas_.used_bytes(); }

  internal::ArenaList<Model>& arenas() { return arenas_; }

 private:
  mutable internal::ArenaList<Model> arenas_;  // mutable: its lock, for status()
  AddStatus status_ = AddStatus::kAdded;       // under that lock
};

using FixedRegion = BasicFixedRegion<Concurrent>;
using SingleThreadedRegion = BasicFixedRegion<SingleThreaded>;
static_assert(PageAllocator<FixedRegion>);
static_assert(PageAllocator<SingleThreadedRegion>);

}  // namespace ashlar

#endif  // ASHLAR_FIXED_REGION_H_
