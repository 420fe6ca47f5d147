#include "stress/console/live_line.h"

#include <unistd.h>

#include "absl/strings/str_format.h"
#include "stress/console/units.h"

namespace ashlar::stress {
namespace {

constexpr double kPlainEverySeconds = 10;
constexpr char kEraseLine[] = "\r\033[K";

}  // namespace

LiveLine::LiveLine(std::FILE* output)
    : output_(output), is_terminal_(isatty(fileno(output)) == 1) {}

void LiveLine::Report(const Progress& progress) {
  if (is_terminal_) {
    absl::FPrintF(output_, "%s%s", kEraseLine, FormatProgress(progress));
    is_shown_ = true;
  } else {
    if (progress.seconds < plain_at_seconds_) plain_at_seconds_ = 0;  // another trial
    if (progress.seconds - plain_at_seconds_ < kPlainEverySeconds) return;
    plain_at_seconds_ = progress.seconds;
    absl::FPrintF(output_, "%s\n", FormatProgress(progress));
  }
  std::fflush(output_);
}

void LiveLine::Clear() {
  if (!is_shown_) return;
  absl::FPrintF(output_, "%s", kEraseLine);
  std::fflush(output_);
  is_shown_ = false;
}

std::string FormatProgress(const Progress& progress) {
  return absl::StrFormat("%s  %.1f s  %s calls  %s/s  threads %d  live %s  footprint %s",
                         progress.scenario, progress.seconds,
                         FormatCount(static_cast<double>(progress.events)),
                         FormatCount(progress.events_per_second), progress.threads,
                         FormatBytes(progress.live_bytes), FormatBytes(progress.footprint_bytes));
}

}  // namespace ashlar::stress
