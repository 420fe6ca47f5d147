// signal_stack.h - where this thread's signal handlers run: a stack of their own.
//
// A thread whose own stack is full can only then still say so (job/crash_verdict.h). Made and
// destroyed by the thread that it serves; what stood before it, as a sanitizer's, comes back.
// Where there is no memory for it the thread does without.
#ifndef ASHLAR_STRESS_RUN_SIGNAL_STACK_H_
#define ASHLAR_STRESS_RUN_SIGNAL_STACK_H_

#include <csignal>

namespace ashlar::stress {

class SignalStack {
 public:
  SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack();

 private:
  void* memory_;  // null: none
  stack_t before_{};
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_SIGNAL_STACK_H_
