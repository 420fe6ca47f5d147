#include "stress/replay/replay.h"

#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace ashlar::stress {
namespace {

// No two blocks of a replay share a seed: the number of the block, spread over 64 bits.
std::uint64_t SeedOf(std::uint32_t block) {
  std::uint64_t x = (std::uint64_t{block} + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  return x ^ (x >> 27);
}

Request RequestOf(const Step& step) {
  Request request{.size_bytes = step.size_bytes};
  if (step.operation == Operation::kAllocateAligned) {
    request.alignment = std::size_t{1} << step.alignment_log2;
  }
  request.zeroed = step.operation == Operation::kAllocateZeroed;
  return request;
}

}  // namespace

std::uint32_t WorkersFor(const Trace& trace) {
  return trace.summary().most_threads + 1;  // one frees what the trace left
}

Replay::Replay(const Trace& trace, Order order)
    : trace_(trace),
      order_(order),
      blocks_(trace.block_count()),
      parkers_(trace.thread_count()),
      threads_(trace.thread_count()),
      may_end_(trace.thread_count()) {}

absl::Status Replay::Drive(Trial& trial) {
  absl::Status status;
  for (const LifeEvent& event : trace_.life()) {
    if (event.kind == LifeEvent::Kind::kDone) {
      End(event.thread);
    } else if (!IsOver(trial)) {
      status = Start(trial, event.thread);
    }
    if (!status.ok() || IsOver(trial)) break;
  }
  if (!status.ok() || IsOver(trial)) Abandon();
  for (std::uint32_t thread = 0; thread < threads_.size(); ++thread) {
    if (threads_[thread].joinable()) End(thread);
  }
  if (!status.ok() || IsOver(trial)) return status;
  trial.CheckCounts();
  FreeTheRest(trial);
  return absl::OkStatus();
}

absl::Status Replay::Start(Trial& trial, std::uint32_t thread) {
  try {
    threads_[thread] = std::thread([this, &trial, thread] { RunThread(trial, thread); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start thread ", thread + 1, " of the trace: ", error.what()));
  }
  driver_.Park();
  return absl::OkStatus();
}

void Replay::End(std::uint32_t thread) {
  // relaxed: the parker's edge orders it before the look of the thread that waits.
  may_end_[thread].store(true, std::memory_order_relaxed);
  parkers_[thread].Unpark();
  threads_[thread].join();
}

void Replay::RunThread(Trial& trial, std::uint32_t thread) {
  Worker worker(trial);
  driver_.Unpark();
  if (PerformSteps(trial, worker, thread)) {
    AwaitEnd(trial, thread);
  } else {
    Abandon();
  }
}

bool Replay::PerformSteps(Trial& trial, Worker& worker, std::uint32_t thread) {
  Parker& parker = parkers_[thread];
  for (const std::uint32_t position : trace_.PositionsOf(thread)) {
    if (order_ == Order::kTotal && !AwaitTurn(trial, position, parker)) return false;
    if (!Perform(trial, worker, trace_.steps()[position], parker)) return false;
    if (order_ == Order::kTotal) PassTurn(position);
  }
  return true;
}

bool Replay::Perform(Trial& trial, Worker& worker, const Step& step, Parker& parker) {
  Block block;
  if (step.ends != kNoBlock) {
    const auto is_over = [&] { return IsOver(trial); };
    if (!blocks_[step.ends].Take(parker, is_over, block)) return false;
  }
  if (step.begins == kNoBlock) {
    if (step.ends == kNoBlock) {
      worker.FreeNothing();
    } else if (block.start != nullptr) {
      worker.Free(block);
    }
  } else if (block.start != nullptr) {
    // Not served: the old block lives on, under its new number.
    static_cast<void>(worker.Reallocate(block, step.size_bytes, SeedOf(step.begins)));
  } else {
    block = worker.Allocate(RequestOf(step), SeedOf(step.begins));
  }
  if (IsOver(trial)) return false;
  if (step.begins != kNoBlock) blocks_[step.begins].Give(block);
  return true;
}

bool Replay::AwaitTurn(Trial& trial, std::uint32_t position, Parker& parker) {
  // acquire, with PassTurn(): all that was done in the turns before.
  while (turn_.load(std::memory_order_acquire) != position) {
    if (IsOver(trial)) return false;
    parker.Park();
  }
  return true;
}

void Replay::PassTurn(std::uint32_t position) {
  const std::uint32_t next = position + 1;
  const std::uint32_t self = trace_.steps()[position].thread;
  // release, with AwaitTurn().
  turn_.store(next, std::memory_order_release);
  if (next == trace_.steps().size()) return;
  const std::uint32_t successor = trace_.steps()[next].thread;
  if (successor != self) parkers_[successor].Unpark();
}

void Replay::AwaitEnd(Trial& trial, std::uint32_t thread) {
  // relaxed: it is set before this thread is unparked.
  while (!may_end_[thread].load(std::memory_order_relaxed) && !IsOver(trial)) {
    parkers_[thread].Park();
  }
}

void Replay::FreeTheRest(Trial& trial) {
  std::vector<bool> has_ended(blocks_.size(), false);
  for (const Step& step : trace_.steps()) {
    if (step.ends != kNoBlock) has_ended[step.ends] = true;
  }
  Worker worker(trial);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block* const block = blocks_[i].Peek();
    if (!has_ended[i] && block != nullptr && block->start != nullptr) worker.Free(*block);
  }
}

void Replay::Abandon() {
  // relaxed: the parkers' edges order it before the look of everyone who waits.
  is_abandoned_.store(true, std::memory_order_relaxed);
  for (Parker& parker : parkers_) parker.Unpark();
}

bool Replay::IsOver(const Trial& trial) const {
  // relaxed: whoever waits was unparked after it was set, and that orders.
  return trial.IsOver() || is_abandoned_.load(std::memory_order_relaxed);
}

}  // namespace ashlar::stress
