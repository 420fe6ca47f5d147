#include "stress/explorer/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/explorer/event.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/location.h"
#include "stress/explorer/symbols.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {
namespace {

constexpr std::uint32_t kLastEvents = 400;  // that a report shows
constexpr std::size_t kMaxText = 1 << 20;

struct Text {
  char* start = nullptr;
  std::size_t length = 0;

  void AddList(const char* format, va_list arguments) {
    const int n = vsnprintf(start + length, kMaxText - length, format, arguments);
    if (n > 0) length += static_cast<std::size_t>(n);
    if (length >= kMaxText) length = kMaxText - 1;
  }
  [[gnu::format(printf, 2, 3)]] void Add(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    AddList(format, arguments);
    va_end(arguments);
  }
};
Text g_text;

// A value, short where it is one of the arena's addresses.
void WriteValue(char* to, std::size_t size, std::uint64_t value) {
  if (value - kArena < kArenaBytes) {
    snprintf(to, size, "&%llx", static_cast<unsigned long long>(value - kArena));
  } else if (value < 1000) {
    snprintf(to, size, "%llu", static_cast<unsigned long long>(value));
  } else {
    snprintf(to, size, "0x%llx", static_cast<unsigned long long>(value));
  }
}

void WriteEvent(char* to, std::size_t size, const Event& event) {
  char before[24];
  char after[24];
  WriteValue(before, sizeof before, event.before);
  WriteValue(after, sizeof after, event.after);
  const char* order = OrderName(event.order);
  switch (event.verb) {
    case Verb::kLoad:
      snprintf(to, size, "L%u is %s%s  %s", event.location, before, event.old ? " STALE" : "", order);
      return;
    case Verb::kStore:
      snprintf(to, size, "L%u = %s%s  %s", event.location, after, event.old ? " EARLY" : "", order);
      return;
    case Verb::kExchange:
      snprintf(to, size, "L%u %s -> %s%s  %s", event.location, before, after,
               event.old ? " EARLY" : "", order);
      return;
    case Verb::kCompareExchange:
      snprintf(to, size, "L%u %s => %s%s  %s", event.location, before, after,
               event.old ? " EARLY" : "", order);
      return;
    case Verb::kFailedCompareExchange:
      snprintf(to, size, "L%u is %s%s, no cas  %s", event.location, before,
               event.old ? " STALE" : "", order);
      return;
    case Verb::kFence: snprintf(to, size, "fence  %s", order); return;
    case Verb::kLock: snprintf(to, size, "lock %s", before); return;
    case Verb::kUnlock: snprintf(to, size, "unlock %s", before); return;
    case Verb::kWait: snprintf(to, size, "wait %s", before); return;
    case Verb::kWake: snprintf(to, size, "wake %s", before); return;
    case Verb::kStart: snprintf(to, size, "start T%s", before); return;
    case Verb::kJoin: snprintf(to, size, "join T%s", before); return;
    case Verb::kAllocate: snprintf(to, size, "new %s, %s bytes", before, after); return;
    case Verb::kFree: snprintf(to, size, "free %s", before); return;
    case Verb::kFork: snprintf(to, size, event.after != 0 ? "forks: is the child" : "forks"); return;
    case Verb::kStop: snprintf(to, size, "STOPS FOR EVER"); return;
  }
}

// The label of the edge, where the source says one: "// acquire, A1" beside or above the line.
void FindLabel(const char* place, char* label, std::size_t size) {
  label[0] = '\0';
  char path[512];
  const char* colon = strchr(place, ':');
  if (colon == nullptr) return;
  const int line = atoi(colon + 1);
  const char* workspace = getenv("BUILD_WORKSPACE_DIRECTORY");
  snprintf(path, sizeof path, "%s%s%.*s", workspace != nullptr ? workspace : "",
           workspace != nullptr ? "/" : "", static_cast<int>(colon - place), place);
  FILE* file = fopen(path, "r");
  if (file == nullptr) return;
  char text[512];
  for (int n = 1; n <= line + 1 && fgets(text, sizeof text, file) != nullptr; ++n) {
    if (n < line - 3) continue;
    const char* comment = strstr(text, "// ");
    if (comment == nullptr) continue;
    for (const char* p = strchr(comment, ','); p != nullptr; p = strchr(p + 1, ',')) {
      if (p[1] == ' ' && p[2] >= 'A' && p[2] <= 'Z' && p[3] >= '0' && p[3] <= '9') {
        snprintf(label, size, " [%.2s]", p + 2);
        break;
      }
    }
  }
  fclose(file);
}

void WriteWhere(const char* name, std::uint32_t pc) {
  if (pc == 0) return;
  Symbol symbol;
  LookUp(&pc, 1, &symbol);
  g_text.Add("  %-8s %s  (%s)\n", name, symbol.place, symbol.function);
}

void WriteStack() {
  const Fiber& fiber = g_fibers[g_failure.now_thread];
  const unsigned depth = fiber.depth < Fiber::kMaxStack ? fiber.depth : Fiber::kMaxStack;
  if (depth == 0) return;
  Symbol symbols[Fiber::kMaxStack];
  LookUp(fiber.stack, depth, symbols);
  for (unsigned i = depth, shown = 0; i-- > 0 && shown < 6;) {
    if (symbols[i].place[0] == '?') continue;
    g_text.Add("    called from %s\n", symbols[i].place);
    ++shown;
  }
}

bool IsSame(const Event& a, const Event& b) {
  return a.thread == b.thread && a.pc == b.pc && a.verb == b.verb && a.location == b.location &&
         a.before == b.before && a.after == b.after && a.old == b.old;
}

// Loops that wait fill thousands of lines: an event that repeats itself stands once, with its
// number. Leaves the numbers in `times`; returns how many events are left, the last ones.
std::uint32_t Collapse(Event* events, std::uint32_t* times) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < g_events.count; ++i) {
    if (count > 0 && IsSame(events[(count - 1) % kLastEvents], g_events.at[i])) {
      ++times[(count - 1) % kLastEvents];
      continue;
    }
    events[count % kLastEvents] = g_events.at[i];
    times[count++ % kLastEvents] = 1;
  }
  return count;
}

void WriteLanes() {
  static Event* events = NewTable<Event>(kLastEvents);
  static std::uint32_t* times = NewTable<std::uint32_t>(kLastEvents);
  static std::uint32_t* pcs = NewTable<std::uint32_t>(kLastEvents);
  static Symbol* symbols = NewTable<Symbol>(kLastEvents);
  const std::uint32_t count = Collapse(events, times);
  const std::uint32_t from = count > kLastEvents ? count - kLastEvents : 0;
  if (count == 0) return;
  int widths[kMaxThreads] = {};  // 0: it has no event here
  char text[128];
  for (std::uint32_t i = from; i < count; ++i) {
    const Event& event = events[i % kLastEvents];
    pcs[i - from] = event.pc;
    WriteEvent(text, sizeof text, event);
    const int width = static_cast<int>(strlen(text)) + 2;
    if (width > widths[event.thread]) widths[event.thread] = width;
  }
  LookUp(pcs, count - from, symbols);
  g_text.Add("\n");
  if (from > 0) g_text.Add("  (%u earlier events are not shown)\n", from);
  g_text.Add("  ");
  for (unsigned t = 0; t < kMaxThreads; ++t) {
    if (widths[t] > 0) g_text.Add("T%-*u", widths[t] - 1, t);
  }
  g_text.Add("\n");
  for (std::uint32_t i = from; i < count; ++i) {
    const Event& event = events[i % kLastEvents];
    WriteEvent(text, sizeof text, event);
    g_text.Add("  ");
    for (unsigned t = 0; t < kMaxThreads; ++t) {
      if (widths[t] > 0) g_text.Add("%-*s", widths[t], t == event.thread ? text : ".");
    }
    const char* place = symbols[i - from].place;
    char label[16];
    FindLabel(place, label, sizeof label);
    g_text.Add("%s%s", place, label);
    if (times[i % kLastEvents] > 1) g_text.Add("  (%u times)", times[i % kLastEvents]);
    g_text.Add("\n");
  }
}

void WriteLocations() {
  g_text.Add("\n");
  for (std::uint32_t id = 1; id <= g_location_count && id <= 64; ++id) {
    char address[24];
    WriteValue(address, sizeof address, LocationAt(id).address);
    g_text.Add("  L%u: %u bytes at %s\n", id, unsigned{LocationAt(id).size}, address);
  }
}

}  // namespace

const char* OrderName(int order) {
  static const char* const kNames[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
  return kNames[order % 6];
}

const char* WriteReport() {
  if (g_text.start == nullptr) g_text.start = NewTable<char>(kMaxText);
  g_text.length = 0;
  g_text.Add("%s\n", g_failure.text);
  WriteWhere("now", g_failure.now_pc);
  WriteStack();
  WriteWhere("earlier", g_failure.earlier_pc);
  WriteLanes();
  WriteLocations();
  return g_text.start;
}

void AddToReport(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  g_text.AddList(format, arguments);
  va_end(arguments);
}

}  // namespace ashlar::explorer
