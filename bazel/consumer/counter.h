// counter.h - a stranger's own code: a count that two threads raise; the one of them loses steps.
#ifndef CONSUMER_COUNTER_H_
#define CONSUMER_COUNTER_H_

#include <atomic>

struct Counter {
  std::atomic<int> count{0};

  void Raise() { count.fetch_add(1, std::memory_order_relaxed); }
  void RaiseBadly() { count.store(count.load() + 1); }
};

#endif  // CONSUMER_COUNTER_H_
