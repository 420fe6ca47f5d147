// concepts.h - what allocators of bytes and of pages have in common, whatever they are made of.
//
//   MemorySource     blocks of 1 MiB and more, to make containers of   (memory_source.h)
//   PageAllocator    runs of whole pages: FixedRegion
//   ByteAllocator    blocks of any size and alignment: Heap
//
// A template that takes one of these works with your own as well: model the concept, and say so by
// a static_assert beside your type. None throws: no memory is null, and nothing has changed.
#ifndef ASHLAR_CONCEPTS_H_
#define ASHLAR_CONCEPTS_H_

#include <concepts>
#include <cstddef>

namespace ashlar {

// Bytes of any size. Allocate(size) is aligned for any scalar type, Allocate(size, alignment) to
// `alignment`, a power of two; size 0 is a block of its own. Free() may be told the size and the
// alignment that were asked for. Reallocate() keeps the bytes that both sizes have; its null leaves
// the old block as it was. UsableSize() is what a live block really has.
template <typename A>
concept ByteAllocator = requires(A& allocator, const A& looked_at, std::size_t size_bytes,
                                 std::size_t alignment, void* block, const void* seen) {
  { allocator.Allocate(size_bytes) } noexcept -> std::same_as<void*>;
  { allocator.Allocate(size_bytes, alignment) } noexcept -> std::same_as<void*>;
  { allocator.Free(block) } noexcept -> std::same_as<void>;
  { allocator.Free(block, size_bytes) } noexcept -> std::same_as<void>;
  { allocator.Free(block, size_bytes, alignment) } noexcept -> std::same_as<void>;
  { allocator.Reallocate(block, size_bytes) } noexcept -> std::same_as<void*>;
  { looked_at.UsableSize(seen) } noexcept -> std::same_as<std::size_t>;
  { allocator.Statistics().total_bytes } -> std::convertible_to<std::size_t>;
  { allocator.Statistics().used_bytes } -> std::convertible_to<std::size_t>;
  { allocator.Statistics().available_bytes } -> std::convertible_to<std::size_t>;
};

// Whole pages of page_bytes() each. AllocatePages() gives `pages` of them in a row, at a multiple of
// `alignment` bytes (a power of two) and of 512 at least; FreePages() takes back exactly such a run.
// total_bytes() is what can be handed out, used_bytes() what is.
template <typename A>
concept PageAllocator = requires(A& allocator, std::size_t pages, std::size_t alignment,
                                 void* start) {
  { allocator.AllocatePages(pages, alignment) } noexcept -> std::same_as<void*>;
  { allocator.FreePages(start, pages) } noexcept -> std::same_as<void>;
  { allocator.page_bytes() } -> std::same_as<std::size_t>;
  { allocator.total_bytes() } -> std::same_as<std::size_t>;
  { allocator.used_bytes() } -> std::same_as<std::size_t>;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCEPTS_H_
