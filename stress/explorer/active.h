// active.h - is an execution under way? The first question of every function that is called here.
#ifndef ASHLAR_STRESS_EXPLORER_ACTIVE_H_
#define ASHLAR_STRESS_EXPLORER_ACTIVE_H_

#include <pthread.h>

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

extern bool g_active;

// Keys that explored code creates; those below are the C library's own.
inline constexpr pthread_key_t kFirstKey = 1 << 16;

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_ACTIVE_H_
