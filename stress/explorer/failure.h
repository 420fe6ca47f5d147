// failure.h - how an execution ends before its time.
#ifndef ASHLAR_STRESS_EXPLORER_FAILURE_H_
#define ASHLAR_STRESS_EXPLORER_FAILURE_H_

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// The failure of the present execution; text[0] == 0: none yet.
struct Failure {
  char text[400];
  std::uint32_t now_pc = 0;      // where it was noticed; 0: nowhere in particular
  std::uint32_t earlier_pc = 0;  // the other side of a race, the free of a use after free
  std::uint8_t now_thread = 0;
};
extern Failure g_failure;

inline bool HasFailed() { return g_failure.text[0] != '\0'; }

// Ends the execution as a failure: all fibers stop where they are. Outside an execution the process.
[[noreturn, gnu::cold, gnu::format(printf, 1, 2)]] void Die(const char* format, ...);
// The same, with places: where it was noticed and what it is about.
[[noreturn, gnu::cold, gnu::format(printf, 3, 4)]] void DieAt(std::uint32_t now_pc,
                                                              std::uint32_t earlier_pc,
                                                              const char* format, ...);
// Ends it without a verdict: it repeats another one.
[[noreturn, gnu::cold]] void Prune();

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_FAILURE_H_
