// counting_source.h - the process's memory as a source that knows what is out.
#ifndef ASHLAR_STRESS_SUBJECT_COUNTING_SOURCE_H_
#define ASHLAR_STRESS_SUBJECT_COUNTING_SOURCE_H_

#include <atomic>
#include <cstddef>

#include "ashlar/memory_source.h"

namespace ashlar::stress {

class CountingSource {
 public:
  MemoryBlock Acquire(std::size_t size_bytes) noexcept;
  void Release(MemoryBlock block) noexcept;

  // Acquired and not yet released.
  [[nodiscard]] std::size_t OutstandingBytes() const {
    // relaxed: exact at quiescence, when joining has ordered it.
    return outstanding_bytes_.load(std::memory_order_relaxed);
  }

 private:
  SystemMemory memory_;
  std::atomic<std::size_t> outstanding_bytes_ = 0;
};
static_assert(MemorySource<CountingSource>);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_SUBJECT_COUNTING_SOURCE_H_
