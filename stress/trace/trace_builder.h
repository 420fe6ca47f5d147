// trace_builder.h - makes a Trace out of calls, or says which one contradicts those before it.
//
// Faults: free or realloc of a block that is not live (so every double free), a result that is the
// name of a block still live, count * size beyond 64 bits, an alignment that is no power of two, a
// size that no address space has room for, too many threads or calls. A call that failed (0x0 as
// its result) begins no block, so none of the faults about results or sizes is in it.
//
// One thread; a refused call leaves the builder good for nothing but destruction.
#ifndef ASHLAR_STRESS_TRACE_TRACE_BUILDER_H_
#define ASHLAR_STRESS_TRACE_TRACE_BUILDER_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "stress/trace/call.h"
#include "stress/trace/trace.h"

namespace ashlar::stress {

// Replay gives every traced thread a thread of its own: what a machine of today can be asked for.
inline constexpr std::uint32_t kMostLiveThreads = 4096;
inline constexpr std::uint32_t kMostThreads = 65536;
inline constexpr std::uint64_t kMostCalls = 100'000'000;
inline constexpr std::uint64_t kLargestSizeBytes = std::uint64_t{1} << 47;

enum class UnknownFrees {
  kRefuse,
  kSkip,  // for recordings that began late: a realloc of the unknown then begins a block
};

class TraceBuilder {
 public:
  explicit TraceBuilder(UnknownFrees unknown_frees = UnknownFrees::kRefuse)
      : unknown_frees_(unknown_frees) {}

  // Amortised O(1).
  [[nodiscard]] absl::Status Add(const Call& call);
  [[nodiscard]] Trace Build() &&;

 private:
  struct LiveBlock {
    std::uint64_t size_bytes;
    std::uint32_t block;
    std::uint32_t thread;
  };

  absl::Status FindThread(std::uint32_t id, std::uint32_t& thread);
  absl::Status AddAllocation(const Call& call, Step step);
  absl::Status AddReallocation(const Call& call, Step step);
  absl::Status AddFree(const Call& call, Step step);
  void AddThreadDone(const Call& call, std::uint32_t thread);

  absl::Status Begin(std::uint64_t pointer, Step& step);
  absl::Status End(std::uint64_t pointer, Step& step);

  UnknownFrees unknown_frees_;
  absl::flat_hash_map<std::uint64_t, LiveBlock> live_;
  absl::flat_hash_map<std::uint32_t, std::uint32_t> threads_by_id_;
  std::vector<Step> steps_;
  std::vector<LifeEvent> life_;
  std::uint32_t threads_ = 0;
  std::uint32_t blocks_ = 0;
  std::uint64_t live_bytes_ = 0;
  TraceSummary summary_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_TRACE_TRACE_BUILDER_H_
