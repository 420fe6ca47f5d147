#include "stress/run/signal_stack.h"

#include <sys/mman.h>

#include <cstddef>

namespace ashlar::stress {
namespace {

constexpr std::size_t kStackBytes = 64 * 1024;

}  // namespace

SignalStack::SignalStack()
    : memory_(
          mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
  if (memory_ == MAP_FAILED) {
    memory_ = nullptr;
    return;
  }
  stack_t stack{};
  stack.ss_sp = memory_;
  stack.ss_size = kStackBytes;
  sigaltstack(&stack, &before_);
}

SignalStack::~SignalStack() {
  if (memory_ == nullptr) return;
  sigaltstack(&before_, nullptr);
  munmap(memory_, kStackBytes);
}

}  // namespace ashlar::stress
