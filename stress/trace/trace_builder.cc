#include "stress/trace/trace_builder.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ashlar::stress {
namespace {

std::string Name(std::uint64_t pointer) { return absl::StrCat("0x", absl::Hex(pointer)); }

template <typename... Words>
absl::Status Fault(const Words&... words) {
  return absl::InvalidArgumentError(absl::StrCat(words...));
}

}  // namespace

absl::Status TraceBuilder::Add(const Call& call) {
  if (++summary_.calls > kMostCalls) return Fault("more than ", kMostCalls, " calls");
  Step step;
  if (absl::Status found = FindThread(call.thread_id, step.thread); !found.ok()) return found;
  switch (call.verb) {
    case Verb::kMalloc:
    case Verb::kCalloc:
    case Verb::kMemalign:
      return AddAllocation(call, step);
    case Verb::kRealloc:
      return AddReallocation(call, step);
    case Verb::kFree:
      return AddFree(call, step);
    case Verb::kThreadDone:
      AddThreadDone(call, step.thread);
      return absl::OkStatus();
  }
  return Fault("unknown verb");
}

Trace TraceBuilder::Build() && {
  summary_.blocks_left = live_.size();
  return Trace(std::move(steps_), std::move(life_), threads_, blocks_, summary_);
}

absl::Status TraceBuilder::FindThread(std::uint32_t id, std::uint32_t& thread) {
  const auto [found, is_new] = threads_by_id_.try_emplace(id, threads_);
  thread = found->second;
  if (!is_new) return absl::OkStatus();
  if (threads_by_id_.size() > kMostLiveThreads) {
    return Fault("thread ", id, " is one more than the ", kMostLiveThreads,
                 " threads that may live at once");
  }
  if (threads_ == kMostThreads) {
    return Fault("thread ", id, " is one more than the ", kMostThreads, " threads of a trace");
  }
  ++threads_;
  life_.push_back({LifeEvent::Kind::kStart, thread});
  summary_.most_threads =
      std::max(summary_.most_threads, static_cast<std::uint32_t>(threads_by_id_.size()));
  return absl::OkStatus();
}

absl::Status TraceBuilder::AddAllocation(const Call& call, Step step) {
  if (call.pointer == 0) {
    ++summary_.failed_calls;
    return absl::OkStatus();
  }
  step.operation = Operation::kAllocate;
  step.size_bytes = call.size_bytes;
  if (call.verb == Verb::kCalloc) {
    step.operation = Operation::kAllocateZeroed;
    if (__builtin_mul_overflow(call.count, call.size_bytes, &step.size_bytes)) {
      return Fault("calloc of ", call.count, " times ", call.size_bytes,
                   " bytes does not fit in 64 bits");
    }
  }
  if (call.verb == Verb::kMemalign) {
    if (!std::has_single_bit(call.alignment)) {
      return Fault("alignment ", call.alignment, " is no power of two");
    }
    if (call.alignment > kLargestSizeBytes) {
      return Fault("alignment ", call.alignment, " is beyond any address space");
    }
    step.operation = Operation::kAllocateAligned;
    step.alignment_log2 = static_cast<std::uint8_t>(std::countr_zero(call.alignment));
  }
  if (absl::Status begun = Begin(call.pointer, step); !begun.ok()) return begun;
  steps_.push_back(step);
  return absl::OkStatus();
}

absl::Status TraceBuilder::AddReallocation(const Call& call, Step step) {
  if (call.pointer == 0 && (call.size_bytes != 0 || call.old_pointer == 0)) {
    // It failed, so the old block stays; but it must be there.
    if (call.old_pointer != 0 && unknown_frees_ == UnknownFrees::kRefuse &&
        !live_.contains(call.old_pointer)) {
      return Fault("realloc of ", Name(call.old_pointer), ", which is not live");
    }
    ++summary_.failed_calls;
    return absl::OkStatus();
  }
  step.size_bytes = call.size_bytes;
  if (call.old_pointer != 0) {
    if (absl::Status ended = End(call.old_pointer, step); !ended.ok()) {
      return Fault("realloc of ", ended.message());
    }
  }
  const bool has_old_block = step.ends != kNoBlock;
  if (call.pointer != 0) {
    if (absl::Status begun = Begin(call.pointer, step); !begun.ok()) return begun;
    step.operation = has_old_block ? Operation::kReallocate : Operation::kAllocate;
  } else if (!has_old_block) {
    return absl::OkStatus();
  }
  steps_.push_back(step);
  return absl::OkStatus();
}

absl::Status TraceBuilder::AddFree(const Call& call, Step step) {
  if (call.pointer != 0) {
    if (absl::Status ended = End(call.pointer, step); !ended.ok()) {
      return Fault("free of ", ended.message());
    }
    if (step.ends == kNoBlock) return absl::OkStatus();
  }
  steps_.push_back(step);
  return absl::OkStatus();
}

void TraceBuilder::AddThreadDone(const Call& call, std::uint32_t thread) {
  threads_by_id_.erase(call.thread_id);
  life_.push_back({LifeEvent::Kind::kDone, thread});
}

absl::Status TraceBuilder::Begin(std::uint64_t pointer, Step& step) {
  if (step.size_bytes > kLargestSizeBytes) {
    return Fault("size ", step.size_bytes, " is beyond any address space, yet the call succeeded");
  }
  const LiveBlock block{step.size_bytes, blocks_, step.thread};
  if (!live_.try_emplace(pointer, block).second) {
    return Fault("the result ", Name(pointer), " is a block that is still live");
  }
  step.begins = blocks_++;
  live_bytes_ += step.size_bytes;
  summary_.most_live_blocks = std::max<std::uint64_t>(summary_.most_live_blocks, live_.size());
  summary_.most_live_bytes = std::max(summary_.most_live_bytes, live_bytes_);
  return absl::OkStatus();
}

absl::Status TraceBuilder::End(std::uint64_t pointer, Step& step) {
  const auto found = live_.find(pointer);
  if (found == live_.end()) {
    if (unknown_frees_ == UnknownFrees::kRefuse) return Fault(Name(pointer), ", which is not live");
    ++summary_.skipped_calls;
    return absl::OkStatus();
  }
  const LiveBlock& block = found->second;
  step.ends = block.block;
  if (block.thread != step.thread) ++summary_.freed_by_another_thread;
  live_bytes_ -= block.size_bytes;
  live_.erase(found);
  return absl::OkStatus();
}

}  // namespace ashlar::stress
