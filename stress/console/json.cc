#include "stress/console/json.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace ashlar::stress {
namespace {

std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      absl::StrAppend(&quoted, "\\", absl::string_view(&c, 1));
    } else if (byte < 0x20 || byte >= 0x7f) {
      absl::StrAppendFormat(&quoted, "\\u%04x", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

const char* Word(bool value) { return value ? "true" : "false"; }

void AppendFinding(std::string* text, const Finding& finding) {
  absl::StrAppend(text, "{\"oracle\": ", Quoted(finding.oracle),
                  ", \"message\": ", Quoted(finding.message), ", \"times\": ", finding.times, "}");
}

void AppendOutcome(std::string* text, const Outcome& outcome) {
  absl::StrAppend(text, "  {\"scenario\": ", Quoted(outcome.scenario),
                  ", \"allocator\": ", Quoted(outcome.allocator), ", \"calls\": ", outcome.events,
                  ", \"threads\": ", outcome.most_threads);
  absl::StrAppendFormat(text, ", \"seconds\": %.3f", outcome.seconds);
  absl::StrAppend(text, ", \"live_bytes\": ", outcome.most_live_bytes,
                  ", \"footprint_bytes\": ", outcome.most_footprint_bytes,
                  ", \"passed\": ", Word(outcome.passed()), ",\n   \"findings\": [",
                  absl::StrJoin(outcome.findings, ", ", AppendFinding), "]}");
}

}  // namespace

std::string FormatJson(std::uint64_t seed, const std::vector<Outcome>& outcomes) {
  const bool passed = std::all_of(outcomes.begin(), outcomes.end(),
                                  [](const Outcome& outcome) { return outcome.passed(); });
  return absl::StrCat("{\"seed\": ", seed, ", \"passed\": ", Word(passed), ", \"scenarios\": [\n",
                      absl::StrJoin(outcomes, ",\n", AppendOutcome), "\n]}\n");
}

}  // namespace ashlar::stress
