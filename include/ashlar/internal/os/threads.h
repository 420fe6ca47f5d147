// threads.h - what the library must know of threads and processes: their end, their copy, their
// place, and the time.
#ifndef ASHLAR_INTERNAL_OS_THREADS_H_
#define ASHLAR_INTERNAL_OS_THREADS_H_

#include <cstdint>

#include "ashlar/internal/sync/lock.h"
#include "ashlar/internal/sync/published.h"
#include "ashlar/threading_model.h"

namespace ashlar::internal::os {

// Has `at_exit` called once in the calling thread when it ends, after its C++ thread_local
// destructors and, as far as the system allows, after other libraries' thread-exit hooks. False
// when the system has no room for it: then the thread's end goes unnoticed. Not called for a thread
// that ends with its process. `at_exit` must be the same function in each call.
[[nodiscard]] bool CallAtThreadExit(void (*at_exit)()) noexcept;

// Three functions around each fork of the process: `prepare` before it in the parent, then `parent`
// and `child` in the respective process, all in the forking thread. Those that began first prepare
// last. A static object; constant-initialised, no destructor.
class AroundFork {
 public:
  using Handler = void (*)();

  constexpr AroundFork(Handler prepare, Handler parent, Handler child)
      : prepare_(prepare), parent_(parent), child_(child) {}
  AroundFork(const AroundFork&) = delete;
  AroundFork& operator=(const AroundFork&) = delete;

  // When it returns they are called around each fork to come, whichever thread began first: the
  // others wait for it. Any number of times. A call from within Begin() returns at once, and the
  // next one does it: what the system does in there may allocate.
  void Begin() noexcept;

 private:
  Handler prepare_;
  Handler parent_;
  Handler child_;
  Published<AroundFork, Concurrent> begun_;  // this
  Lock<Concurrent> lock_;  // held while the system is told; no handler takes it
};

// Milliseconds of a steady clock of coarse resolution (some milliseconds): cheap.
[[nodiscard]] std::uint64_t CoarseMilliseconds() noexcept;

// A number for the processor that the thread runs on, or ran on a moment ago; for spreading load,
// not for correctness. 0 where the system does not tell cheaply.
[[nodiscard]] unsigned ProcessorHint() noexcept;

// Lets other threads run, for a moment.
void YieldProcessor() noexcept;

}  // namespace ashlar::internal::os

#endif  // ASHLAR_INTERNAL_OS_THREADS_H_
