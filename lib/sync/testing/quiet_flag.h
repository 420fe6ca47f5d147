// quiet_flag.h - tells another thread of a test to go on, and orders nothing.
//
// So that the edge under test alone orders the plain data behind it: with any other signal between
// the threads a race detector could not tell that the edge is missing.
#ifndef ASHLAR_LIB_SYNC_TESTING_QUIET_FLAG_H_
#define ASHLAR_LIB_SYNC_TESTING_QUIET_FLAG_H_

#include <atomic>

namespace ashlar::internal {

class QuietFlag {
 public:
  // relaxed on both sides, as said above.
  void Raise() { raised_.store(true, std::memory_order_relaxed); }
  void Await() const {
    while (!raised_.load(std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<bool> raised_{false};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_LIB_SYNC_TESTING_QUIET_FLAG_H_
