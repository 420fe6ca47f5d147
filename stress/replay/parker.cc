#include "stress/replay/parker.h"

namespace ashlar::stress {

void Parker::Park() {
  std::unique_lock<std::mutex> lock(mutex_);
  opened_.wait(lock, [this] { return is_open_; });
  is_open_ = false;
}

void Parker::Unpark() {
  // Under the lock to the end: its owner may be gone as soon as it is let through.
  const std::lock_guard<std::mutex> lock(mutex_);
  is_open_ = true;
  opened_.notify_one();
}

}  // namespace ashlar::stress
