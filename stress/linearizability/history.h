// history.h - who called what, when, and what came of it: recorded while threads run, then checked.
//
//   History history(2, 8);                       // two threads of at most eight calls each
//   std::thread a([&] { history.Record(0, Stack::Push(7), [&] { stack.Push(7); }); });
//   std::thread b([&] { history.Record(1, Stack::Pop(), [&] { return stack.Pop(); }); });
//   a.join();
//   b.join();
//   EXPECT_EQ(Check(history, Stack()), Answer::kYes) << Explain(history, Stack());   // checker.h
//
// Lanes       one for each thread, written by it alone, one call at a time, plainly. Read once the
//             threads were joined, or whatever else makes their writes happen before.
// Progress    wait-free: two looks at the clock, and writes to memory that the lane has had from
// the
//             start.
// Edges       none. A shared counter for the order of calls would be one: a read-modify-write that
//             all threads make, a full barrier on x86, and between fences an edge of the memory
//             model too. Recording would hide the very bugs that it is there to show. The clock
//             orders without that: std::chrono::steady_clock is the same on all processors.
// Time        A call takes effect between two looks at the clock, with one exception: a store that
//             is its last act may become visible to others later, for the processor holds it back.
//             Check such objects with Precedence::kProgramOrder.
//
// Under the explorer the clock counts steps, and each step is one thread's, so that times of
// different threads differ. Calls begin and end with a step that touches nothing: at such a one
// another thread's whole call may pass, and an exhaustive search knows that their order matters.
#ifndef ASHLAR_STRESS_LINEARIZABILITY_HISTORY_H_
#define ASHLAR_STRESS_LINEARIZABILITY_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "stress/linearizability/operation.h"

namespace ashlar::linearizability {

class History {
 public:
  // Lanes are numbered from 0; `capacity` is that of each.
  History(std::size_t lanes, std::size_t capacity);

  // Calls run(), which returns a Value, something that converts to one, or nothing (kNone), and
  // returns the same. An exception leaves the call without a response.
  template <typename Run>
  auto Record(std::size_t lane, Call call, Run&& run) {
    Invoke(lane, call);
    if constexpr (std::is_void_v<std::invoke_result_t<Run>>) {
      std::forward<Run>(run)();
      Respond(lane, kNone);
    } else {
      auto result = std::forward<Run>(run)();
      Respond(lane, static_cast<Value>(result));
      return result;
    }
  }

  // The same in two halves. Ends the process if the lane is full or its last call is still open, or
  // if none is.
  void Invoke(std::size_t lane, Call call);
  void Respond(std::size_t lane, Value result);

  // A call that was recorded elsewhere, or made up. It must not begin before the lane's last ended.
  void Add(std::size_t lane, const Operation& operation);

  // Becomes a copy of `other`, which has as many lanes and no more calls than fit. Allocates nothing,
  // so that a history from before an exploration can keep one of an execution.
  void CopyFrom(const History& other);

  // Once the threads are done.
  [[nodiscard]] std::size_t LaneCount() const { return lanes_.size(); }
  [[nodiscard]] std::span<const Operation> LaneAt(std::size_t lane) const {
    return std::span(lanes_[lane].operations).first(lanes_[lane].count);
  }
  [[nodiscard]] std::size_t OperationCount() const;

 private:
  // Written by its thread.
  struct alignas(64) Lane {
    std::vector<Operation> operations;  // `capacity` of them from the start
    std::size_t count = 0;
  };

  // The lane, if it has room for a call and none is open.
  Lane& ReadyLane(std::size_t lane);
  void Step();

  std::vector<Lane> lanes_;
  std::uint32_t nobody_waits_ = 0;  // for Step() alone; never written
};

}  // namespace ashlar::linearizability

#endif  // ASHLAR_STRESS_LINEARIZABILITY_HISTORY_H_
