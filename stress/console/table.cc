#include "stress/console/table.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "stress/console/units.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kColumns = 9;
constexpr std::size_t kTextColumns = 2;  // aligned to the left; numbers follow, then the verdict
using Row = std::array<std::string, kColumns>;

Row RowOf(const Outcome& outcome) {
  const double events = static_cast<double>(outcome.events);
  return {outcome.scenario,
          outcome.allocator,
          FormatCount(events),
          absl::StrCat(outcome.most_threads),
          absl::StrFormat("%.2f", outcome.seconds),
          FormatCount(outcome.seconds > 0 ? events / outcome.seconds : 0),
          FormatBytes(outcome.most_live_bytes),
          FormatBytes(outcome.most_footprint_bytes),
          outcome.passed() ? "passed" : "FAILED"};
}

}  // namespace

std::string FormatTable(const std::vector<Outcome>& outcomes) {
  std::vector<Row> rows = {{"scenario", "allocator", "calls", "threads", "seconds", "calls/s",
                            "live", "footprint", "verdict"}};
  for (const Outcome& outcome : outcomes) rows.push_back(RowOf(outcome));
  std::array<int, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], static_cast<int>(row[i].size()));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      const bool is_text = i < kTextColumns;
      absl::StrAppendFormat(&text, "%*s  ", is_text ? -widths[i] : widths[i], row[i]);
    }
    absl::StrAppend(&text, row.back(), "\n");
  }
  for (const Outcome& outcome : outcomes) {
    for (const Finding& finding : outcome.findings) {
      absl::StrAppend(&text, outcome.scenario, ": ", finding.oracle, ": ", finding.message);
      if (finding.times > 1) absl::StrAppend(&text, " (and ", finding.times - 1, " times more)");
      absl::StrAppend(&text, "\n");
    }
  }
  return text;
}

}  // namespace ashlar::stress
