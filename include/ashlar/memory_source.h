// memory_source.h - where a container's memory comes from: a choice made for each instance.
//
//   SystemMemory     the process's memory, from the operating system
//   FixedRegion      the caller's bytes                                  (fixed_region.h)
//   your own         any type that models MemorySource
#ifndef ASHLAR_MEMORY_SOURCE_H_
#define ASHLAR_MEMORY_SOURCE_H_

#include <concepts>
#include <cstddef>

namespace ashlar {

// A stretch of memory; {nullptr, 0} is none.
struct MemoryBlock {
  void* start = nullptr;
  std::size_t size_bytes = 0;
};

// A source of whole blocks: containers ask for 1 MiB at least, and then for an eighth of what they
// have, up to 64 MiB; where that is refused, once more for no more than they need.
//
// Acquire(n) gives a block of at least n bytes, readable and writable, aligned to 16 bytes or
// better, which is the caller's alone until it is released; or {nullptr, 0}, whenever it likes:
// containers then answer "none" and go on. Release(b) takes back exactly such a block.
// Both may be called from any thread, at once if the container is Concurrent, and must not use the
// container that they serve. They may use any other: no lock is held meanwhile. So threads that run
// short at once each ask, and a block that another thread's made unnecessary is released at once.
// While one block is on its way, a thread for which there is no second one may answer "none".
// The source outlives its containers.
template <typename S>
concept MemorySource = requires(S& source, std::size_t size_bytes, MemoryBlock block) {
  { source.Acquire(size_bytes) } noexcept -> std::same_as<MemoryBlock>;
  { source.Release(block) } noexcept -> std::same_as<void>;
};

// The process's memory. Stateless: every SystemMemory is the same source.
//
// Concurrent containers over it share one reserved range of addresses: freed memory of one serves
// the others, huge pages are asked for when much is in use, and what stays unused goes back to the
// system with a delay (about 100 ms, noticed by the activity of any thread). Used as a plain
// MemorySource (SingleThreaded containers do), it maps and unmaps each block.
class SystemMemory {
 public:
  MemoryBlock Acquire(std::size_t size_bytes) noexcept;
  void Release(MemoryBlock block) noexcept;

  // Gives back to the system what the shared range keeps unused. Returns bytes.
  static std::size_t Trim() noexcept;

  // Bytes of the shared range in use by containers (slabs, blocks, tables), and bytes that lie
  // unused but have not gone back to the system.
  struct Statistics {
    std::size_t used_bytes;
    std::size_t kept_bytes;
  };
  [[nodiscard]] static Statistics GetStatistics() noexcept;
};
static_assert(MemorySource<SystemMemory>);

// What became of an attempt to add memory.
enum class AddStatus : unsigned char {
  kAdded,
  kTooSmall,  // nothing useful would be left after the tables
  kOverlaps,  // some of the bytes were added before
  kInvalid,   // null, past the end of the address space, or of 2^30 pages (4 TiB) and more
};

[[nodiscard]] constexpr const char* AddStatusName(AddStatus status) {
  switch (status) {
    case AddStatus::kAdded:
      return "added";
    case AddStatus::kTooSmall:
      return "too small";
    case AddStatus::kOverlaps:
      return "overlaps memory added before";
    case AddStatus::kInvalid:
      return "invalid address range";
  }
  return "unknown";
}

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_SOURCE_H_
