// testing_source.h - a memory source for tests: it counts what it gave, fails on demand, and ends
// the process when a block comes back that it did not give.
//
//   TestingSource source;
//   source.GiveOnly(1);                    // one block more, then none
//   SlabCache<T> cache(source);
//   EXPECT_EQ(source.blocks(), 1u);        // at the end: 0, or something leaked
//
// Each block is pages of its own that are unmapped when it is released: whoever touches them later
// dies of it.
//
// Threads   any, at any time.
#ifndef ASHLAR_LIB_SLAB_TESTING_TESTING_SOURCE_H_
#define ASHLAR_LIB_SLAB_TESTING_TESTING_SOURCE_H_

#include <cstddef>

#include "ashlar/internal/sync/lock.h"
#include "ashlar/memory_source.h"
#include "ashlar/threading_model.h"

namespace ashlar::testing {

class TestingSource {
 public:
  static constexpr std::size_t kMostBlocks = 256;  // out at once; more are refused

  TestingSource() = default;
  TestingSource(const TestingSource&) = delete;
  TestingSource& operator=(const TestingSource&) = delete;

  MemoryBlock Acquire(std::size_t size_bytes) noexcept;
  void Release(MemoryBlock block) noexcept;

  // `blocks` more blocks are given, then none, until the next call; 0: none from now on.
  void GiveOnly(std::size_t blocks);
  // As many as are asked for: how a source begins.
  void GiveAll() { GiveOnly(SIZE_MAX); }

  std::size_t blocks();    // out now
  std::size_t bytes();     // out now
  std::size_t acquired();  // blocks ever given
  std::size_t refused();   // requests ever answered with none

 private:
  internal::Lock<Concurrent> lock_;  // over all that follows
  MemoryBlock out_[kMostBlocks] = {};
  std::size_t blocks_ = 0;
  std::size_t bytes_ = 0;
  std::size_t acquired_ = 0;
  std::size_t refused_ = 0;
  std::size_t budget_ = SIZE_MAX;
};
static_assert(MemorySource<TestingSource>);

}  // namespace ashlar::testing

#endif  // ASHLAR_LIB_SLAB_TESTING_TESTING_SOURCE_H_
