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

#include "bench/explorer/free_list.h"
#include "lib/sync/relacy/relacy.h"

namespace ashlar::bench {
namespace {

std::uint64_t g_steps;

struct Relacy {
  struct Word : internal::relacy::Word<std::uint64_t> {
    using Base = internal::relacy::Word<std::uint64_t>;
    std::uint64_t Load(rl::memory_order order) const { return ++g_steps, Base::Load(order); }
    void Store(std::uint64_t value, rl::memory_order order) {
      ++g_steps;
      Base::Store(value, order);
    }
    bool CompareExchange(std::uint64_t& expected, std::uint64_t desired, rl::memory_order order) {
      return ++g_steps, Base::CompareExchange(expected, desired, order);
    }
  };
  using Plain = internal::relacy::Plain<int>;
  static constexpr auto kRelaxed = rl::mo_relaxed;
  static constexpr auto kAcquire = rl::mo_acquire;
  static constexpr auto kRelease = rl::mo_release;
};

struct UseFreeList : rl::test_suite<UseFreeList, 2> {
  FreeList<Relacy> list;
  void before() { list.Fill(); }
  void thread(unsigned id) { RL_ASSERT(list.Work(static_cast<int>(id) + 1)); }
};

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
  for (unsigned executions = 5000;; executions *= 2) {
    g_steps = 0;
    const auto start = Clock::now();
    if (!ashlar::internal::relacy::Holds<UseFreeList>(executions)) return 1;
    const double took = std::chrono::duration<double>(Clock::now() - start).count();
    if (took < seconds) continue;
    std::printf("free_list relacy %.0f %.0f\n", static_cast<double>(executions) / took,
                static_cast<double>(g_steps) / took);
    return 0;
  }
}
