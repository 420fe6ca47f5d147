// Times of SlabCache and Heap beside the system's malloc, by Google Benchmark.
//
//   bazel run -c opt //bench:allocator_bench -- --benchmark_repetitions=5
//       --benchmark_enable_random_interleaving=true
//
// Compare rows of one run, as ratios of medians; machines differ, and so do minutes.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/random/random.h"
#include "ashlar/heap.h"
#include "ashlar/slab_cache.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

struct Object {
  std::array<std::byte, 64> bytes;
};

// The allocators, alike: a process-wide instance each, objects of 64 bytes.
struct SlabCacheOfObjects {
  static SlabCache<Object>& cache() {
    static SlabCache<Object> instance;
    return instance;
  }
  static void* Allocate() { return cache().Allocate(); }
  static void Free(void* p) { cache().Free(p); }
};

struct HeapOfBytes {
  static Heap& heap() {
    static SystemMemory system;
    static Heap instance(system);
    return instance;
  }
  static void* Allocate() { return heap().Allocate(sizeof(Object)); }
  static void Free(void* p) { heap().Free(p); }
};

struct SystemMalloc {
  static void* Allocate() { return std::malloc(sizeof(Object)); }
  static void Free(void* p) { std::free(p); }
};

// One object, allocated and freed.
template <typename Allocator>
void Pair(benchmark::State& state) {
  for (auto _ : state) {
    void* p = Allocator::Allocate();
    benchmark::DoNotOptimize(p);
    Allocator::Free(p);
  }
  state.SetItemsProcessed(state.iterations());
}

// A thousand objects, then all freed in an order of their own.
template <typename Allocator>
void Batch(benchmark::State& state) {
  std::vector<void*> objects(1000);
  std::vector<std::size_t> order(objects.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  absl::BitGen random;
  std::shuffle(order.begin(), order.end(), random);
  for (auto _ : state) {
    for (void*& object : objects) object = Allocator::Allocate();
    for (const std::size_t i : order) Allocator::Free(objects[i]);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(objects.size()));
}

// One of so many live objects, chosen at random, is replaced.
template <typename Allocator>
void Replace(benchmark::State& state) {
  std::vector<void*> live(static_cast<std::size_t>(state.range(0)));
  for (void*& object : live) object = Allocator::Allocate();
  absl::InsecureBitGen random;
  for (auto _ : state) {
    void*& object = live[absl::Uniform<std::size_t>(random, 0, live.size())];
    Allocator::Free(object);
    object = Allocator::Allocate();
    benchmark::DoNotOptimize(object);
  }
  for (void* object : live) Allocator::Free(object);
  state.SetItemsProcessed(state.iterations());
}

// Each allocator in turn, so that a row's figures stand together.
#define ASHLAR_BENCH(row, options)                     \
  BENCHMARK_TEMPLATE(row, SlabCacheOfObjects) options; \
  BENCHMARK_TEMPLATE(row, HeapOfBytes) options;        \
  BENCHMARK_TEMPLATE(row, SystemMalloc) options

ASHLAR_BENCH(Pair, ->ThreadRange(1, 2));
ASHLAR_BENCH(Batch, ->ThreadRange(1, 2));
ASHLAR_BENCH(Replace, ->Arg(10000)->Arg(1000000));

}  // namespace
}  // namespace ashlar

BENCHMARK_MAIN();
