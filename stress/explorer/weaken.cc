#include "stress/explorer/weaken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/explorer/choices.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/progress.h"
#include "stress/explorer/report.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/site.h"
#include "stress/explorer/symbols.h"
#include "stress/explorer/tables.h"
#include "stress/explorer/weak_memory.h"

namespace ashlar::explorer {
namespace {

const char* VerbName(Verb verb) {
  switch (verb) {
    case Verb::kLoad: return "load";
    case Verb::kStore: return "store";
    case Verb::kExchange: return "rmw";
    case Verb::kCompareExchange: return "cas";
    case Verb::kFailedCompareExchange: return "cas failure";
    default: return "fence";
  }
}

// Orders weaker than `order` that make a difference to such an access, the strongest first; -1 ends.
const int* Weaker(int order, Verb verb) {
  static const int kToRelaxed[] = {kRelaxed, -1};
  static const int kLoad[] = {kAcquire, kRelaxed, -1};
  static const int kStore[] = {kRelease, kRelaxed, -1};
  static const int kBoth[] = {kAcquire, kRelease, kRelaxed, -1};
  static const int kAll[] = {kAcqRel, kAcquire, kRelease, kRelaxed, -1};
  static const int kNone[] = {-1};
  switch (order) {
    case kRelaxed: return kNone;
    case kAcqRel: return kBoth;
    case kSeqCst:
      if (verb == Verb::kLoad || verb == Verb::kFailedCompareExchange) return kLoad;
      return verb == Verb::kStore ? kStore : kAll;
    default: return kToRelaxed;
  }
}

// One place in the source: all its inlined copies.
struct Group {
  Symbol symbol;
  int order;
  Verb verb;
};

bool Belongs(const Group& group, const Site& site, const Symbol& symbol) {
  return site.order == group.order && site.verb == group.verb &&
         strcmp(symbol.place, group.symbol.place) == 0;
}

// The execution at which the weakened program failed; 0: never.
std::uint64_t RunWeakened(const Body& body, const Options& options) {
  std::uint32_t steps = 50;
  if (options.strategy == Strategy::kExhaustive) BeginTree();
  for (std::uint64_t number = 0; number < options.executions; ++number) {
    BeginChoices(options, number, steps);
    PlanStop(number);
    RunOnce(body, options);
    if (HasFailed()) return number + 1;
    steps = (steps * 7 + g_schedule.steps) / 8 + 1;
    if (options.strategy == Strategy::kExhaustive && !NextPath()) break;
  }
  return 0;
}

}  // namespace

bool WeakeningIsAsked() { return getenv("ASHLAR_WEAKEN") != nullptr; }

void WeakenEachSite(const Body& body, const Options& options, const char* name) {
  FILE* file = fopen(getenv("ASHLAR_WEAKEN"), "a");
  if (file == nullptr) {
    fprintf(stderr, "explorer: cannot write %s\n", getenv("ASHLAR_WEAKEN"));
    exit(2);
  }
  static std::uint32_t* pcs = NewTable<std::uint32_t>(kMaxSites);
  static std::uint32_t* at = NewTable<std::uint32_t>(kMaxSites);
  static Symbol* symbols = NewTable<Symbol>(kMaxSites);
  static bool* done = NewTable<bool>(kMaxSites);
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < kMaxSites; ++i) {
    if (g_sites.at[i].pc == 0) continue;
    at[count] = i;
    done[count] = g_sites.at[i].hits == 0;
    pcs[count++] = g_sites.at[i].pc & ~kFailureSite;
  }
  LookUp(pcs, count, symbols);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (done[i]) continue;
    const Site& first = g_sites.at[at[i]];
    const Group group = {symbols[i], first.order, first.verb};
    for (const int* weaker = Weaker(group.order, group.verb); *weaker >= 0; ++weaker) {
      for (std::uint32_t j = 0; j < count; ++j) {
        Site& site = g_sites.at[at[j]];
        const bool belongs = Belongs(group, site, symbols[j]);
        if (belongs) done[j] = true;
        site.weakened = static_cast<std::int8_t>(belongs ? *weaker : -1);
      }
      const std::uint64_t executions = RunWeakened(body, options);
      char found[32];
      snprintf(found, sizeof found, "%llu", static_cast<unsigned long long>(executions));
      fprintf(file, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", group.symbol.place, group.symbol.function,
              VerbName(group.verb), OrderName(group.order), OrderName(*weaker),
              executions > 0 ? found : "survives", name, executions > 0 ? g_failure.text : "");
      fflush(file);
    }
  }
  for (std::uint32_t i = 0; i < kMaxSites; ++i) {
    g_sites.at[i].weakened = -1;
    g_sites.at[i].hits = 0;  // the next exploration has sites of its own
  }
  fclose(file);
}

}  // namespace ashlar::explorer
