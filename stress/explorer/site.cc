#include "stress/explorer/site.h"

#include "stress/explorer/failure.h"

namespace ashlar::explorer {

Sites g_sites;

Site& SiteAt(std::uint32_t pc, int order, Verb verb) {
  std::uint32_t hash = (pc * 0x9E3779B1U) % kMaxSites;
  for (std::uint32_t i = 0; i < kMaxSites; ++i, hash = (hash + 1) % kMaxSites) {
    Site& site = g_sites.at[hash];
    if (site.pc == pc) return site;
    if (site.pc != 0) continue;
    site = {pc, static_cast<std::uint8_t>(order), verb, -1, 0};
    return site;
  }
  Die("more than %u places with atomic accesses", kMaxSites);
}

}  // namespace ashlar::explorer
