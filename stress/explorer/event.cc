#include "stress/explorer/event.h"

namespace ashlar::explorer {

Events g_events;

void AddEvent(const Event& event) {
  if (g_events.count < kMaxEvents) g_events.at[g_events.count++] = event;
}

}  // namespace ashlar::explorer
