// replay.h - a trace, performed again by real threads on an allocator under trial.
//
// Each traced thread becomes a thread that makes its calls in its own order; those of different
// threads interleave as they come, except that a block is freed or reallocated only after it was
// allocated. Threads start in the order in which the trace first hears of them. One that has made
// its last call stays, with all that the allocator keeps for it, until the thread_done of the
// trace, or the end; and it has really ended before any thread that came after that starts. So
// there are as many threads at once as there were, and an id that comes again is a new thread.
//
// Order::kTotal makes the calls one at a time, exactly in the order of the trace.
//
// Progress: thread t waits only for blocks that stand earlier in the trace, whose threads have been
// started before; by induction over the trace nobody waits for ever. That a thread is let go waits
// for nothing but those calls.
#ifndef ASHLAR_STRESS_REPLAY_REPLAY_H_
#define ASHLAR_STRESS_REPLAY_REPLAY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "stress/oracle/block.h"
#include "stress/replay/hand_over.h"
#include "stress/replay/parker.h"
#include "stress/run/trial.h"
#include "stress/run/worker.h"
#include "stress/trace/trace.h"

namespace ashlar::stress {

enum class Order {
  kOwn,    // of each thread, and between a block's allocation and its end
  kTotal,  // of all calls
};

// The Workers that a trial needs for a replay of `trace`.
[[nodiscard]] std::uint32_t WorkersFor(const Trace& trace);

class Replay {
 public:
  // Takes all its memory at once, so that a trial may begin after it. `trace` must outlive it.
  Replay(const Trace& trace, Order order);

  // Once. Returns when every thread has ended and every block is free, or early when the trial is
  // over. An error: a thread could not be started.
  [[nodiscard]] absl::Status Drive(Trial& trial);

 private:
  absl::Status Start(Trial& trial, std::uint32_t thread);
  void End(std::uint32_t thread);
  void RunThread(Trial& trial, std::uint32_t thread);
  // False: the trial is over.
  bool PerformSteps(Trial& trial, Worker& worker, std::uint32_t thread);
  // False: the trial is over.
  bool Perform(Trial& trial, Worker& worker, const Step& step, Parker& parker);
  bool AwaitTurn(Trial& trial, std::uint32_t position, Parker& parker);
  void PassTurn(std::uint32_t position);
  void AwaitEnd(Trial& trial, std::uint32_t thread);
  void FreeTheRest(Trial& trial);
  void Abandon();
  bool IsOver(const Trial& trial) const;

  const Trace& trace_;
  Order order_;
  std::vector<HandOver> blocks_;
  std::vector<Parker> parkers_;  // one a thread
  std::vector<std::thread> threads_;
  std::vector<std::atomic<bool>> may_end_;  // one a thread: the trace has come to its end
  Parker driver_;                           // waits until a thread that it has started is there
  std::atomic<std::uint32_t> turn_ = 0;     // the position that may be performed, Order::kTotal
  std::atomic<bool> is_abandoned_ = false;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_REPLAY_REPLAY_H_
