// A stack of a few nodes. If the bug is planted, its head has no tag: a node that comes back while
// another thread is in the middle of a pop has that one put a wrong node in front (ABA). Only a
// program that pops two and pushes one again, met by the right schedule, shows it.
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "fuzz/run_program.h"

namespace ashlar::fuzz {
namespace {

constexpr std::uint32_t kNodes = 3;

// A node's number is its index + 1. head = tag * 256 + number.
struct Stack {
  std::atomic<std::uint32_t> head = 0;
  std::atomic<std::uint32_t> next[kNodes + 1] = {};

  static std::uint32_t Successor(std::uint32_t seen, std::uint32_t number) {
    return (ASHLAR_PLANT ? 0 : (seen & ~255u) + 256) + number;
  }
  void Push(std::uint32_t number) {
    std::uint32_t seen = head.load(std::memory_order_relaxed);
    do {
      next[number].store(seen & 255, std::memory_order_relaxed);
    } while (!head.compare_exchange_weak(seen, Successor(seen, number), std::memory_order_release,
                                         std::memory_order_relaxed));
  }
  std::uint32_t Pop() {
    std::uint32_t seen = head.load(std::memory_order_acquire);
    while ((seen & 255) != 0) {
      const std::uint32_t below = next[seen & 255].load(std::memory_order_relaxed);
      if (head.compare_exchange_weak(seen, Successor(seen, below), std::memory_order_acquire,
                                     std::memory_order_acquire)) {
        return seen & 255;
      }
    }
    return 0;
  }
};

}  // namespace

void RunProgram(const Program& program) {
  Stack stack;
  std::atomic<int> owners[kNodes + 1] = {};
  for (std::uint32_t number = 1; number <= kNodes; ++number) stack.Push(number);
  const auto work = [&](unsigned thread) {
    std::vector<std::uint32_t> mine;
    for (const Operation& operation : program.operations) {
      if (operation.thread != thread) continue;
      if (operation.verb % 2 == 0) {
        const std::uint32_t number = stack.Pop();
        if (number == 0) continue;
        ASHLAR_FUZZ_CHECK(owners[number].exchange(1, std::memory_order_relaxed) == 0);
        mine.push_back(number);
      } else if (!mine.empty()) {
        const std::uint32_t oldest = mine.front();
        mine.erase(mine.begin());
        owners[oldest].store(0, std::memory_order_relaxed);
        stack.Push(oldest);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < program.threads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace ashlar::fuzz
