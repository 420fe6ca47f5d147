// relacy_speed.cc - executions and steps a second of Relacy at the same work, as explored_speed has
// it:
//
//   relacy_speed SECONDS                                   free_list relacy executions/s steps/s
//
// A step is an atomic access that the program makes.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "relacy/relacy.hpp"

#include "bench/explorer/free_list.h"

namespace ashlar::bench {
namespace {

std::uint64_t g_steps;

struct RelacyAtomics {
  using Word = rl::atomic<std::uint64_t>;
  using Plain = rl::var<int>;
  static std::uint64_t LoadRelaxed(Word& word) {
    ++g_steps;
    return word.load(rl::memory_order_relaxed);
  }
  static std::uint64_t LoadAcquire(Word& word) {
    ++g_steps;
    return word.load(rl::memory_order_acquire);
  }
  static void StoreRelaxed(Word& word, std::uint64_t value) {
    ++g_steps;
    word.store(value, rl::memory_order_relaxed);
  }
  static bool ExchangeAcquire(Word& word, std::uint64_t& seen, std::uint64_t value) {
    ++g_steps;
    return word.compare_exchange_strong(seen, value, rl::memory_order_acquire,
                                        rl::memory_order_acquire);
  }
  static bool ExchangeRelease(Word& word, std::uint64_t& seen, std::uint64_t value) {
    ++g_steps;
    return word.compare_exchange_strong(seen, value, rl::memory_order_release,
                                        rl::memory_order_relaxed);
  }
  static void Write(Plain& plain, int value) { plain($) = value; }
  static int Read(Plain& plain) { return plain($); }
};

struct UseFreeList : rl::test_suite<UseFreeList, 2> {
  FreeList<RelacyAtomics> list;
  void before() { list.Fill(); }
  void thread(unsigned id) { RL_ASSERT(list.Work(static_cast<int>(id) + 1)); }
};

bool Run(std::uint64_t executions) {
  std::ostringstream silent;
  rl::test_params parameters;
  parameters.iteration_count = executions;
  parameters.output_stream = &silent;
  parameters.progress_stream = &silent;
  return rl::simulate<UseFreeList>(parameters);
}

}  // namespace
}  // namespace ashlar::bench

int main(int argc, char** argv) {
  using namespace ashlar::bench;
  using Clock = std::chrono::steady_clock;
  if (argc != 2) {
    std::fprintf(stderr, "relacy_speed: see the top of relacy_speed.cc\n");
    return 2;
  }
  const double seconds = std::strtod(argv[1], nullptr);
  for (std::uint64_t executions = 5000;; executions *= 2) {
    g_steps = 0;
    const auto start = Clock::now();
    if (!Run(executions)) return 1;
    const double took = std::chrono::duration<double>(Clock::now() - start).count();
    if (took < seconds) continue;
    std::printf("free_list relacy %.0f %.0f\n", static_cast<double>(executions) / took,
                static_cast<double>(g_steps) / took);
    return 0;
  }
}
