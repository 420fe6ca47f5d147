// site.h - the places in the code under test that access atomics, found as they run; and the orders
// that are weakened there, without a rebuild.
#ifndef ASHLAR_STRESS_EXPLORER_SITE_H_
#define ASHLAR_STRESS_EXPLORER_SITE_H_

#include <cstdint>

#include "stress/explorer/event.h"

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Site {
  std::uint32_t pc;  // 0: the entry is free
  std::uint8_t order;
  Verb verb;
  std::int8_t weakened;  // the order that stands here now; -1: the code's own
  std::uint64_t hits;
};

// The failure order of a compare-exchange is a place of its own: its address with this bit.
inline constexpr std::uint32_t kFailureSite = 0x80000000;
inline constexpr std::uint32_t kMaxSites = 1 << 14;

struct Sites {
  bool on = false;
  std::uint64_t weakened_hits = 0;
  Site* at = nullptr;
};
extern Sites g_sites;

// The entry of a place, made at its first hit.
[[gnu::noinline]] Site& SiteAt(std::uint32_t pc, int order, Verb verb);

// The order that an access has: `order`, unless it is weakened.
inline int OrderAt(std::uint32_t pc, int order, Verb verb) {
  if (!g_sites.on) [[likely]] return order;
  Site& site = SiteAt(pc, order, verb);
  ++site.hits;
  if (site.weakened < 0) return order;
  ++g_sites.weakened_hits;
  return site.weakened;
}

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_SITE_H_
