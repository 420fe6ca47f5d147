// clock.h - vector clocks, and the one idea behind this memory model.
//
// Each thread counts its epochs; a clock holds, for each thread, the last epoch that is known of it.
// A release publishes the releaser's clock with the store and begins a new epoch; an acquire joins
// the store's clock into the reader's.
//
// What a thread may still read needs no further state: each store remembers, for each thread, the
// first epoch in which that thread wrote or read it (`seen`). A store is known to a thread, and all
// stores before it in modification order are gone for that thread, if some thread had seen it in an
// epoch that the reader's clock includes. That is happens-before and coherence, and nothing else;
// it costs O(threads) where a view of all locations would cost O(locations).
//
// Slot 0 belongs to no thread: there the order of sequentially consistent operations is counted.
#ifndef ASHLAR_STRESS_EXPLORER_CLOCK_H_
#define ASHLAR_STRESS_EXPLORER_CLOCK_H_

#include <smmintrin.h>

#include <cstdint>
#include <cstring>

#include "stress/explorer/limits.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

inline constexpr unsigned kLanes = 8;  // entries that are looked at together
inline constexpr unsigned kMaxChunks = kMaxThreads / kLanes;
inline constexpr std::uint32_t kUnseen = 0xffffffff;

struct alignas(32) Clock {
  std::uint32_t at[kMaxThreads];
};

// Chunks of kLanes entries that the threads of this execution use. All beyond are as at the start.
extern unsigned g_chunks;

// f(chunk) for each; the first is nearly always the only one.
template <typename F>
ASHLAR_HOT void ForEachChunk(F f) {
  f(0);
  for (unsigned c = 1; c < g_chunks; ++c) [[unlikely]] f(c);
}

// Four of them: what compilers do not see by themselves, as `to` and `from` might overlap.
using Four = __m128i;
ASHLAR_HOT Four LoadFour(const std::uint32_t* from) {
  return _mm_load_si128(reinterpret_cast<const Four*>(from));
}
ASHLAR_HOT void StoreFour(std::uint32_t* to, Four value) {
  _mm_store_si128(reinterpret_cast<Four*>(to), value);
}

ASHLAR_HOT void JoinLanes(std::uint32_t* to, const std::uint32_t* from) {
  const Four first = _mm_max_epu32(LoadFour(to), LoadFour(from));
  const Four second = _mm_max_epu32(LoadFour(to + 4), LoadFour(from + 4));
  StoreFour(to, first);
  StoreFour(to + 4, second);
}

// seen[i] <= known[i] for some i.
ASHLAR_HOT bool AnyLaneIncludes(const std::uint32_t* seen, const std::uint32_t* known) {
  const auto included = [](Four a, Four b) { return _mm_cmpeq_epi32(_mm_min_epu32(a, b), a); };
  const Four any = _mm_or_si128(included(LoadFour(seen), LoadFour(known)),
                                included(LoadFour(seen + 4), LoadFour(known + 4)));
  return _mm_movemask_epi8(any) != 0;
}

ASHLAR_HOT void CopyLanes(std::uint32_t* to, const std::uint32_t* from) {
  const Four first = LoadFour(from);
  const Four second = LoadFour(from + 4);
  StoreFour(to, first);
  StoreFour(to + 4, second);
}

ASHLAR_HOT void FillLanes(std::uint32_t* to, std::uint32_t value) {
  const Four four = _mm_set1_epi32(static_cast<int>(value));
  StoreFour(to, four);
  StoreFour(to + 4, four);
}

inline void Join(Clock& to, const Clock& from) {
  ForEachChunk([&](unsigned c) ASHLAR_HOT_LAMBDA { JoinLanes(to.at + c * kLanes, from.at + c * kLanes); });
}

inline void Copy(Clock& to, const Clock& from) {
  ForEachChunk([&](unsigned c) ASHLAR_HOT_LAMBDA { CopyLanes(to.at + c * kLanes, from.at + c * kLanes); });
}

// What a thread knows. `clock`: of what happened before. `view`: that, and what seq_cst fences added
// (weak_memory.h); kept only in executions that had one.
struct Knowledge {
  Clock clock;
  Clock view;
};
extern bool g_has_views;

inline void Join(Knowledge& to, const Knowledge& from) {
  Join(to.clock, from.clock);
  if (g_has_views) [[unlikely]] Join(to.view, from.view);
}

inline void Copy(Knowledge& to, const Knowledge& from) {
  Copy(to.clock, from.clock);
  if (g_has_views) [[unlikely]] Copy(to.view, from.view);
}

inline void Clear(Clock& clock) { std::memset(&clock, 0, sizeof clock); }

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_CLOCK_H_
