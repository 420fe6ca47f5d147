// stress_allocator.h - one call that puts an allocator of one's own (any_allocator.h) before all
// oracles of the harness.
//
//   TEST(MyAllocator, Holds) { EXPECT_EQ(StressAllocator<MyAllocator>(), ""); }
//
// What comes back is what the oracles said, a line each; empty: nothing was found. A line that
// begins with "no verdict" says why the harness could not do its work.
//
// An allocator that gave a block to two is left alone, undestroyed: what it would do next is open.
#ifndef ASHLAR_STRESS_BRING_YOUR_OWN_STRESS_ALLOCATOR_H_
#define ASHLAR_STRESS_BRING_YOUR_OWN_STRESS_ALLOCATOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "stress/bring_your_own/any_allocator.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

struct StressOptions {
  std::uint64_t seed = 1;                             // of what each thread decides
  std::uint32_t threads = 4;                          // at once
  std::uint64_t operations = 200'000;                 // at least, all threads together
  std::size_t largest_bytes = std::size_t{64} << 10;  // sizes from 0 on, mostly small
  std::size_t object_bytes = 0;                       // not 0: this size alone
  bool may_run_out = false;                           // memory is bounded: a refusal is no fault
};

// What the scenarios must know of an allocator.
struct Abilities {
  bool aligns = false;
  bool resizes = false;
  bool tells_footprint = false;
};

// What the templates below do for a type; both for a subject of any make.
[[nodiscard]] std::string StressSubject(std::unique_ptr<Subject> subject, Abilities abilities,
                                        const StressOptions& options);
[[nodiscard]] std::string ReplayOnSubject(std::unique_ptr<Subject> subject, Abilities abilities,
                                          const std::string& path);

// Random interleavings (random_scenario.h) on one T, made of `arguments`. Asks for alignments and
// for other sizes only what T has members for. Notes are kept only where T frees by size alone.
template <AnyAllocator T, typename... Arguments>
[[nodiscard]] std::string StressAllocator(const StressOptions& options = {},
                                          Arguments&&... arguments) {
  constexpr Notes kNotes = FreesByAddress<T> ? Notes::kNone : Notes::kKept;
  return StressSubject(
      std::make_unique<AnySubject<T, kNotes>>(std::forward<Arguments>(arguments)...),
      {.aligns = AllocatesAligned<T>,
       .resizes = Reallocates<T> || kNotes == Notes::kKept,
       .tells_footprint = TellsFootprint<T>},
      options);
}

// The trace of a real program (replay.h) on one T: a file, an .xz file, or "-". Notes are kept
// where T has no member for one of the calls that a program makes.
template <AnyAllocator T, typename... Arguments>
[[nodiscard]] std::string ReplayOnAllocator(const std::string& path, Arguments&&... arguments) {
  constexpr Notes kNotes =
      FreesByAddress<T> && AllocatesAligned<T> && Reallocates<T> ? Notes::kNone : Notes::kKept;
  return ReplayOnSubject(
      std::make_unique<AnySubject<T, kNotes>>(std::forward<Arguments>(arguments)...),
      {.aligns = true, .resizes = true, .tells_footprint = TellsFootprint<T>}, path);
}

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_BRING_YOUR_OWN_STRESS_ALLOCATOR_H_
