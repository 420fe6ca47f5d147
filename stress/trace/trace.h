// trace.h - a whole trace, free of contradictions and ready to be replayed.
//
// Names of pointers have become numbers of blocks: each block is begun by exactly one step and
// ended by at most one, and a step that ends a block stands after the one that began it. Thread
// ids have become numbers of threads: an id that came again after its thread_done is another
// thread. Calls that failed when they were recorded are counted, but are no steps.
//
// Immutable once built (TraceBuilder); any number of threads may read it.
#ifndef ASHLAR_STRESS_TRACE_TRACE_H_
#define ASHLAR_STRESS_TRACE_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ashlar::stress {

inline constexpr std::uint32_t kNoBlock = std::numeric_limits<std::uint32_t>::max();

enum class Operation : std::uint8_t {
  kAllocate,
  kAllocateAligned,
  kAllocateZeroed,
  kReallocate,
  kFree,
};

struct Step {
  std::uint64_t size_bytes = 0;
  std::uint32_t thread = 0;
  std::uint32_t begins = kNoBlock;
  std::uint32_t ends = kNoBlock;  // free of kNoBlock: of the null pointer
  Operation operation = Operation::kFree;
  std::uint8_t alignment_log2 = 0;  // kAllocateAligned only

  bool operator==(const Step&) const = default;
};

// A thread was first heard of, or said that it is done. In the order of the trace.
struct LifeEvent {
  enum class Kind : std::uint8_t { kStart, kDone };
  Kind kind;
  std::uint32_t thread;

  bool operator==(const LifeEvent&) const = default;
};

struct TraceSummary {
  std::uint64_t calls = 0;                    // lines
  std::uint64_t failed_calls = 0;             // with 0x0 as their result
  std::uint64_t skipped_calls = 0;            // frees of the unknown, where that was allowed
  std::uint64_t freed_by_another_thread = 0;  // ended by a thread that did not begin them
  std::uint64_t most_live_blocks = 0;
  std::uint64_t most_live_bytes = 0;
  std::uint64_t blocks_left = 0;   // live at the end
  std::uint32_t most_threads = 0;  // live at once
};

class Trace {
 public:
  Trace(std::vector<Step> steps, std::vector<LifeEvent> life, std::uint32_t threads,
        std::uint32_t blocks, const TraceSummary& summary);

  // In the total order in which the calls happened.
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<LifeEvent>& life() const { return life_; }
  // The positions in steps() of one thread's steps, ascending.
  std::span<const std::uint32_t> PositionsOf(std::uint32_t thread) const;

  std::uint32_t thread_count() const { return static_cast<std::uint32_t>(begins_at_.size() - 1); }
  std::uint32_t block_count() const { return blocks_; }
  const TraceSummary& summary() const { return summary_; }

 private:
  std::vector<Step> steps_;
  std::vector<LifeEvent> life_;
  std::vector<std::uint32_t> positions_;  // grouped by thread
  std::vector<std::size_t> begins_at_;    // thread t has positions_[begins_at_[t]..[t + 1])
  std::uint32_t blocks_;
  TraceSummary summary_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_TRACE_TRACE_H_
