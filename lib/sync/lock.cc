#include "ashlar/internal/sync/lock.h"

#include <atomic>
#include <cerrno>

namespace ashlar::internal {

void Lock<Concurrent>::WaitWhileContended() {
  const int saved = errno;
  word_.wait(kContended, std::memory_order_relaxed);  // relaxed: the caller looks again
  errno = saved;
}

void Lock<Concurrent>::WakeOne() {
  const int saved = errno;
  word_.notify_one();
  errno = saved;
}

}  // namespace ashlar::internal
