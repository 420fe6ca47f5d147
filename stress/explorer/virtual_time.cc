#include "stress/explorer/virtual_time.h"

#include <cstdint>

#include "stress/explorer/scheduler.h"

namespace ashlar::explorer {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // in nanoseconds, as all that follows
constexpr std::int64_t kStart = 1000 * kSecond;
constexpr std::int64_t kStep = 1000;
constexpr std::int64_t kFarthest = std::int64_t{1} << 60;

std::int64_t g_skipped;

std::int64_t Now() { return kStart + g_schedule.steps * kStep + g_skipped; }

std::int64_t FromTimespec(const timespec& time) {
  if (time.tv_sec >= kFarthest / kSecond) return kFarthest;
  if (time.tv_sec < 0) return 0;
  return time.tv_sec * kSecond + time.tv_nsec;
}

timespec ToTimespec(std::int64_t time) {
  return {static_cast<time_t>(time / kSecond), static_cast<long>(time % kSecond)};
}

}  // namespace

void ResetTime() { g_skipped = 0; }

timespec TimeNow() { return ToTimespec(Now()); }

timespec TimeAfter(const timespec& span) { return ToTimespec(Now() + FromTimespec(span)); }

void SkipTo(const timespec& time) {
  const std::int64_t nanoseconds = FromTimespec(time);
  if (nanoseconds > Now() && nanoseconds < kFarthest) g_skipped += nanoseconds - Now();
}

}  // namespace ashlar::explorer
