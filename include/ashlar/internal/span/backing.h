// backing.h - what stands behind a range of pages: how they come, go, and move.
#ifndef ASHLAR_INTERNAL_SPAN_BACKING_H_
#define ASHLAR_INTERNAL_SPAN_BACKING_H_

#include <cstddef>

namespace ashlar::internal {

// Function pointers, so that the arena knows no operating system. A null member: not needed
// (commit) or not to be had (purge, move). All thread-safe, none throws.
struct Backing {
  bool (*commit)(void* start, std::size_t size_bytes) = nullptr;
  bool (*purge)(void* start, std::size_t size_bytes) = nullptr;  // the pages then read as zero
  bool (*move)(void* from, void* to, std::size_t size_bytes) = nullptr;
  void (*advise_huge)(void* start, std::size_t size_bytes) = nullptr;
  std::size_t page_bytes = 1;    // what commit, purge and move work in
  bool fresh_pages_are_zero = false;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SPAN_BACKING_H_
