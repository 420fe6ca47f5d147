// explored_speed.cc - how fast the schedule explorer is.
//
//   explored_speed time SECONDS                            a line for each scenario and strategy:
//                                                          scenario strategy executions/s steps/s
//   explored_speed count EXECUTIONS SCENARIO STRATEGY      so many and no more, for callgrind
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "ashlar/fixed_region.h"
#include "ashlar/heap.h"
#include "bench/explorer/free_list.h"
#include "stress/explorer/explore.h"

namespace ashlar::bench {
namespace {

using explorer::Options;
using explorer::Result;
using explorer::Strategy;

struct Standard {
  struct Word {
    std::atomic<std::uint64_t> value;
    std::uint64_t Load(std::memory_order order) const { return value.load(order); }
    void Store(std::uint64_t desired, std::memory_order order) { value.store(desired, order); }
    bool CompareExchange(std::uint64_t& expected, std::uint64_t desired, std::memory_order order) {
      return value.compare_exchange_weak(expected, desired, order, std::memory_order_relaxed);
    }
  };
  struct Plain {
    int value;
    void Set(int desired) { value = desired; }
    int Get() const { return value; }
  };
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  static constexpr auto kAcquire = std::memory_order_acquire;
  static constexpr auto kRelease = std::memory_order_release;
};

constinit FreeList<Standard> list{};

void UseFreeList() {
  list.Fill();
  std::thread other([] { ASHLAR_REQUIRE(list.Work(2)); });
  ASHLAR_REQUIRE(list.Work(1));
  other.join();
}

alignas(4096) std::byte g_region[std::size_t{32} << 10];

// Some thousand atomic accesses.
void UseHeap() {
  FixedRegion region(g_region, sizeof g_region);
  Heap heap(region, {.magazine_slots = 0, .keep_empty_slabs = 0});
  const auto work = [&](int me) {
    for (int i = 0; i < 14; ++i) {
      int* blocks[2];
      for (int*& block : blocks) {
        block = static_cast<int*>(heap.Allocate(1000));
        ASHLAR_REQUIRE(block != nullptr);
        *block = me;
      }
      for (int* block : blocks) {
        ASHLAR_REQUIRE(*block == me);
        heap.Free(block);
      }
    }
  };
  std::thread other([&] { work(2); });
  work(1);
  other.join();
}

struct Scenario {
  std::string_view name;
  void (*body)();
};
constexpr Scenario kScenarios[] = {{"free_list", UseFreeList}, {"heap", UseHeap}};

struct Named {
  std::string_view name;
  Strategy strategy;
};
constexpr Named kStrategies[] = {{"random", Strategy::kRandom}, {"mixture", Strategy::kMixture}};

Result Run(const Scenario& scenario, const Named& strategy, std::uint64_t executions) {
  const Options options{.executions = executions, .strategy = strategy.strategy, .report = false};
  const Result result = explorer::Explore(options, scenario.body);
  if (result.clean()) return result;
  std::fprintf(stderr, "%s, %s: %s\n", scenario.name.data(), strategy.name.data(), result.failure);
  std::exit(1);
}

// Ever more executions until they take so long.
void Time(const Scenario& scenario, const Named& strategy, double seconds) {
  std::uint64_t executions = 200;
  Result result = Run(scenario, strategy, executions);
  while (result.seconds < seconds) {
    const double factor = 1.2 * seconds / std::max(result.seconds, seconds / 50);
    executions = static_cast<std::uint64_t>(factor * static_cast<double>(executions));
    result = Run(scenario, strategy, executions);
  }
  std::printf("%s %s %.0f %.0f\n", scenario.name.data(), strategy.name.data(),
              static_cast<double>(result.executions) / result.seconds,
              static_cast<double>(result.steps) / result.seconds);
}

}  // namespace
}  // namespace ashlar::bench

int main(int argc, char** argv) {
  using namespace ashlar::bench;
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "time" && argc == 3) {
    for (const Scenario& scenario : kScenarios) {
      for (const Named& strategy : kStrategies) {
        Time(scenario, strategy, std::strtod(argv[2], nullptr));
      }
    }
    return 0;
  }
  if (verb == "count" && argc == 5) {
    for (const Scenario& scenario : kScenarios) {
      for (const Named& strategy : kStrategies) {
        if (scenario.name != argv[3] || strategy.name != argv[4]) continue;
        Run(scenario, strategy, std::strtoull(argv[2], nullptr, 10));
        return 0;
      }
    }
  }
  std::fprintf(stderr, "explored_speed: see the top of explored_speed.cc\n");
  return 2;
}
