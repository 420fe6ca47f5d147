// choices.h - where every answer comes from: who runs, what a load reads, whether memory is reused,
// what a program does next.
//
// Answer 0 is always the plain one: go on with the running thread, read the newest store, place a
// store last, reuse memory, do not fail spuriously. So a string of zeros is an execution without
// preemptions and stale reads, and shrinking means: more zeros.
//
// The answers of an execution, recorded as bytes, replay it, whatever strategy gave them.
#ifndef ASHLAR_STRESS_EXPLORER_CHOICES_H_
#define ASHLAR_STRESS_EXPLORER_CHOICES_H_

#include <cstddef>
#include <cstdint>

#include "stress/explorer/explore.h"
#include "stress/explorer/limits.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

enum class Kind : std::uint8_t {
  kProgram,   // Choose(), wake-ups, timeouts: what the program does
  kSwitch,    // 0: the running thread goes on
  kNext,      // the running thread cannot go on: which one does?
  kRead,      // 0: the newest store
  kPlace,     // 0: last in modification order
  kReuse,     // 0: the block freed last
  kSpurious,  // 0: no
};

// The source of one execution's answers.
enum class Source : std::uint8_t { kChance, kPriorities, kConflicts, kTree, kBytes, kReplay };

struct Choices {
  Source source = Source::kChance;
  std::uint32_t stay = 0;           // of 256: how often chance answers 0 without a draw
  std::uint64_t random = 1;
  const std::uint8_t* next = nullptr;  // kBytes, kReplay
  const std::uint8_t* end = nullptr;

  // kPriorities: the steps at which the running thread's priority falls.
  std::uint32_t falls_at[8] = {};
  unsigned falls = 0;
  std::int32_t lowest = 0;

  // The record, if one is kept.
  bool recording = false;
  std::uint32_t recorded = 0;
  std::uint8_t* values = nullptr;
  Kind* kinds = nullptr;
};
extern Choices g_choices;

inline std::uint32_t Random() {
  std::uint64_t& s = g_choices.random;
  s ^= s << 13;
  s ^= s >> 7;
  s ^= s << 17;
  return static_cast<std::uint32_t>(s >> 32);
}

// 0 .. n - 1, by the upper bits of what was drawn.
inline std::uint32_t OutOf(std::uint32_t n, std::uint32_t drawn) {
  return static_cast<std::uint32_t>((std::uint64_t{drawn >> 8} * n) >> 24);
}

// How many steps in a row the running thread goes on, each with the probability stay / 256: at most
// some hundred.
inline std::uint32_t DrawStays() {
  const std::uint32_t drawn = Random() >> 8;
  std::uint32_t stays = 0;
  for (std::uint64_t chance = 1U << 24; (chance = chance * g_choices.stay >> 8) > drawn;) ++stays;
  return stays;
}

// An answer of the other sources than chance.
[[gnu::noinline]] std::uint32_t AskSource(std::uint32_t n, Kind kind);
[[gnu::noinline, gnu::cold]] void Record(std::uint32_t n, std::uint32_t answer, Kind kind);

// 0 .. n - 1.
ASHLAR_HOT std::uint32_t Ask(std::uint32_t n, Kind kind) {
  if (n <= 1) return 0;
  std::uint32_t answer;
  if (g_choices.source > Source::kConflicts) [[unlikely]] {
    answer = AskSource(n, kind);
  } else {
    const std::uint32_t x = Random();
    const bool plain = kind >= Kind::kRead;
    if (plain && (x & 255) < (kind == Kind::kSpurious ? 240 : g_choices.stay)) {
      answer = 0;
    } else {
      answer = OutOf(n, x);
    }
  }
  if (g_choices.recording) [[unlikely]] Record(n, answer, kind);
  return answer;
}

// Notes an answer that a strategy found by other means than Ask().
inline std::uint32_t Answered(std::uint32_t n, std::uint32_t answer, Kind kind) {
  if (g_choices.recording && n > 1) [[unlikely]] Record(n, answer, kind);
  return answer;
}

// --- The tree of an exhaustive search. ---

// A node's answers so far. The search goes depth first and keeps one path.
struct TreeNode {
  std::uint16_t answer;
  std::uint16_t answers;
};

void BeginTree();
void RestartPath();
// Moves on to the next path; false: there is none.
[[nodiscard]] bool NextPath();

// Prepares the source of execution `number` under `options`. `steps` is about how many it will have.
void BeginChoices(const Options& options, std::uint64_t number, std::uint32_t steps);
// Prepares a replay: `bytes`, then zeros.
void BeginReplay(const std::uint8_t* bytes, std::size_t count);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_CHOICES_H_
