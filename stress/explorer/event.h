// event.h - what happened, in order, for the report of a failure.
#ifndef ASHLAR_STRESS_EXPLORER_EVENT_H_
#define ASHLAR_STRESS_EXPLORER_EVENT_H_

#include <cstdint>

#include "stress/explorer/fiber.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

enum class Verb : std::uint8_t {
  kLoad, kStore, kExchange, kCompareExchange, kFailedCompareExchange, kFence,
  kLock, kUnlock, kWait, kWake, kStart, kJoin, kAllocate, kFree, kStop, kFork,
};

struct Event {
  std::uint64_t before, after;  // values; of a lock or a block: `before` is its address
  std::uint32_t pc;
  std::uint32_t location;
  std::uint8_t thread;
  Verb verb;
  std::uint8_t order;
  bool old;  // a read of a store that is not the newest, or a store that is not last
};

inline constexpr std::uint32_t kMaxEvents = 1 << 20;

struct Events {
  bool on = false;
  std::uint32_t count = 0;
  Event* at = nullptr;
};
extern Events g_events;

[[gnu::noinline, gnu::cold]] void AddEvent(const Event& event);

inline void Note(Verb verb, std::uint32_t pc, std::uint32_t location, std::uint64_t before,
                 std::uint64_t after, int order, bool old = false) {
  if (g_events.on) [[unlikely]] {
    AddEvent({before, after, pc, location, g_me->id, verb, static_cast<std::uint8_t>(order), old});
  }
}

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_EVENT_H_
