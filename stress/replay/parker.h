// parker.h - where one thread waits until another one wakes it.
//
// A binary semaphore: Unpark() before Park() lets the next Park() through at once, so no wake-up
// is ever lost. Whoever parks looks again at what it waits for: it may be woken for other reasons.
// Of the standard library: the waits of absl::Mutex are hidden from the race detector, which then
// reports the memory that they use.
// Edge: what was done before Unpark() happens before what is done after the Park() it lets through.
#ifndef ASHLAR_STRESS_REPLAY_PARKER_H_
#define ASHLAR_STRESS_REPLAY_PARKER_H_

#include <condition_variable>
#include <mutex>

namespace ashlar::stress {

class Parker {
 public:
  void Park();    // its owner
  void Unpark();  // anyone

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;  // under mutex_
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_REPLAY_PARKER_H_
