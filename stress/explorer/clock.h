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

#ifdef __SSE4_1__
#include <smmintrin.h>
#endif

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

inline void JoinLanes(std::uint32_t* to, const std::uint32_t* from) {
  for (unsigned i = 0; i < kLanes; ++i) to[i] = to[i] > from[i] ? to[i] : from[i];
}

// seen[i] <= known[i] for some i.
inline bool AnyLaneIncludes(const std::uint32_t* seen, const std::uint32_t* known) {
#ifdef __SSE4_1__
  const auto included = [](const std::uint32_t* a, const std::uint32_t* b) {
    const __m128i first = _mm_load_si128(reinterpret_cast<const __m128i*>(a));
    const __m128i second = _mm_load_si128(reinterpret_cast<const __m128i*>(b));
    return _mm_cmpeq_epi32(_mm_min_epu32(first, second), first);
  };
  return _mm_movemask_epi8(_mm_or_si128(included(seen, known), included(seen + 4, known + 4))) != 0;
#else
  std::uint32_t any = 0;
  for (unsigned i = 0; i < kLanes; ++i) any |= seen[i] <= known[i] ? 1U : 0U;
  return any != 0;
#endif
}

inline void CopyLanes(std::uint32_t* to, const std::uint32_t* from) {
  std::memcpy(to, from, kLanes * sizeof *to);
}

inline void FillLanes(std::uint32_t* to, std::uint32_t value) {
  for (unsigned i = 0; i < kLanes; ++i) to[i] = value;
}

inline void Join(Clock& to, const Clock& from) {
  for (unsigned c = 0; c < g_chunks; ++c) JoinLanes(to.at + c * kLanes, from.at + c * kLanes);
}

inline void Copy(Clock& to, const Clock& from) {
  for (unsigned c = 0; c < g_chunks; ++c) CopyLanes(to.at + c * kLanes, from.at + c * kLanes);
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
