#include "stress/linearizability/history.h"

#ifdef ASHLAR_EXPLORED
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace ashlar::linearizability {
namespace {

Time Now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

void Demand(bool holds, const char* what, std::size_t lane) {
  if (holds) return;
  std::fprintf(stderr, "history: lane %zu: %s\n", lane, what);
  std::abort();
}

}  // namespace

History::History(std::size_t lanes, std::size_t capacity) : lanes_(lanes) {
  for (Lane& lane : lanes_) lane.operations.resize(capacity);
}

void History::Step() {
#ifdef ASHLAR_EXPLORED
  // Waking nobody: of all that the explorer takes for a step of its own, what orders nothing.
  syscall(SYS_futex, &nobody_waits_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
#endif
}

History::Lane& History::ReadyLane(std::size_t lane) {
  Lane& mine = lanes_[lane];
  Demand(mine.count < mine.operations.size(), "more calls than its capacity", lane);
  Demand(mine.count == 0 || mine.operations[mine.count - 1].IsComplete(),
         "a call while the last one is still open", lane);
  return mine;
}

void History::Invoke(std::size_t lane, Call call) {
  Lane& mine = ReadyLane(lane);
  Step();  // before the clock: whatever passes meanwhile came first
  mine.operations[mine.count++] = {.call = call, .invoked = Now()};
}

void History::Respond(std::size_t lane, Value result) {
  Lane& mine = lanes_[lane];
  Demand(mine.count > 0 && !mine.operations[mine.count - 1].IsComplete(), "a response to no call",
         lane);
  Operation& last = mine.operations[mine.count - 1];
  last.responded = Now();
  last.result = result;
  Step();  // behind the clock: whatever passes meanwhile came later
}

void History::Add(std::size_t lane, const Operation& operation) {
  Lane& mine = ReadyLane(lane);
  Demand(operation.invoked <= operation.responded, "a call that ends before it begins", lane);
  Demand(mine.count == 0 || mine.operations[mine.count - 1].responded <= operation.invoked,
         "a call that begins before the last one ended", lane);
  mine.operations[mine.count++] = operation;
}

void History::CopyFrom(const History& other) {
  Demand(lanes_.size() == other.lanes_.size(), "a copy of as many lanes", lanes_.size());
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    const auto calls = other.LaneAt(lane);
    Demand(calls.size() <= lanes_[lane].operations.size(), "more calls than its capacity", lane);
    std::copy(calls.begin(), calls.end(), lanes_[lane].operations.begin());
    lanes_[lane].count = calls.size();
  }
}

std::size_t History::OperationCount() const {
  std::size_t count = 0;
  for (const Lane& lane : lanes_) count += lane.count;
  return count;
}

}  // namespace ashlar::linearizability
