// large_blocks.h - blocks that are runs of pages of their own.
//
// Each such block carries the number of its heap in the run's entry, so that a foreign or a second
// free is noticed at once in every build.
//
// Threads   any; everything holds the lock of the arenas: a documented blocking path. It is free
//           while their source is asked, and when the process is ended.
#ifndef ASHLAR_INTERNAL_HEAP_LARGE_BLOCKS_H_
#define ASHLAR_INTERNAL_HEAP_LARGE_BLOCKS_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/failure.h"
#include "ashlar/internal/span/arena_list.h"
#include "ashlar/internal/sync/tally.h"

namespace ashlar::internal {

class LargeBlocks {
 public:
  constexpr LargeBlocks() = default;
  LargeBlocks(const LargeBlocks&) = delete;
  LargeBlocks& operator=(const LargeBlocks&) = delete;

  // Before any other call but FreeAll(). `owner`: not 0, and no other live heap's over the same
  // arenas.
  void Initialize(ArenaList<Concurrent>* arenas, std::uint32_t owner);

  // A block, or null. *zeroed: each byte of it reads as zero.
  [[nodiscard]] void* Allocate(std::size_t size_bytes, std::size_t alignment,
                               bool* zeroed) noexcept;

  // These, and ResizeInPlace(), end the process if `block` is no live block of this owner.
  void Free(void* block) noexcept;
  [[nodiscard]] std::size_t SizeOf(const void* block) const noexcept;
  // False: a block that was asked for, or resized to, `size_bytes` would have other pages.
  [[nodiscard]] bool CanHave(const void* block, std::size_t size_bytes) const noexcept;

  // True: the block now has at least `size_bytes`, where it stands, and not many more.
  [[nodiscard]] bool ResizeInPlace(void* block, std::size_t size_bytes) noexcept;
  // Moves the memory of `from` to `to`, both live blocks, without copying; `bytes` of it are
  // wanted. False: nothing has changed.
  [[nodiscard]] bool MovePages(void* from, void* to, std::size_t bytes) noexcept;

  // Ends every block of this owner.
  void FreeAll() noexcept;

  std::size_t bytes() const { return static_cast<std::size_t>(bytes_.Get()); }

 private:
  struct Found {
    PageRuns* runs = nullptr;  // null: no live block of this owner
    std::uint32_t page = 0;
    std::size_t size_bytes = 0;
    Failure why_not = Failure::kForeignPointer;
  };
  Found FindLocked(const void* block) const noexcept;
  template <typename F>
  auto WithBlock(const void* block, F f) const noexcept;
  bool ResizeLocked(const Found& found, void* block, std::size_t size_bytes) noexcept;

  ArenaList<Concurrent>* arenas_ = nullptr;
  std::uint32_t owner_ = 0;
  Tally<Concurrent> bytes_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_HEAP_LARGE_BLOCKS_H_
