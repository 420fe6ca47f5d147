// worker.h - one thread's hand in a trial: calls the allocator, and asks the oracles around it.
//
// Made and destroyed by the thread that works with it; its destruction is that thread's farewell
// to the allocator (Subject::ThreadExit).
#ifndef ASHLAR_STRESS_RUN_WORKER_H_
#define ASHLAR_STRESS_RUN_WORKER_H_

#include <cstddef>
#include <cstdint>

#include "stress/oracle/block.h"
#include "stress/run/meter.h"
#include "stress/run/signal_stack.h"
#include "stress/run/trial.h"

namespace ashlar::stress {

struct Request {
  std::size_t size_bytes = 0;
  std::size_t alignment = 0;  // 0: none in particular
  bool zeroed = false;        // not together with an alignment
};

class Worker {
 public:
  explicit Worker(Trial& trial) : trial_(trial), lane_(trial.meter().Enter()) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    trial_.subject().ThreadExit();
    trial_.meter().Leave(lane_);
  }

  // `seed` is unlike that of any other block. A block without a start: not served. An allocator
  // may answer null to a request for no bytes; that is served, too.
  [[nodiscard]] Block Allocate(const Request& request, std::uint64_t seed);
  // False: not served, and the block is what it was.
  [[nodiscard]] bool Reallocate(Block& block, std::size_t new_size_bytes, std::uint64_t new_seed);
  void Free(const Block& block);
  // Free that tells the allocator the size and alignment.
  void FreeSized(const Block& block);
  // free(nullptr): allowed, and without effect.
  void FreeNothing();

  // Made so far; each is an event of the trial's meter.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  void CountCall() {
    ++calls_;
    lane_.CountEvent();
  }
  void* Call(const Request& request);
  // The oracles of a new block, but for its contents.
  void Welcome(Block& block);
  void Dismiss(const Block& block);

  Trial& trial_;
  Meter::Lane& lane_;
  SignalStack signal_stack_;
  std::uint64_t calls_ = 0;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_WORKER_H_
