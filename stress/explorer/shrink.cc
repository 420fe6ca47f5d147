#include "stress/explorer/shrink.h"

#include <string.h>
#include <time.h>

#include "stress/explorer/event.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {
namespace {

constexpr unsigned kMaxTries = 6000;
constexpr long kMaxSeconds = 2;

// What is to become less, the most important first.
struct Cost {
  std::uint32_t program, switches, reads, steps;

  bool IsLessThan(const Cost& other) const {
    if (program != other.program) return program < other.program;
    if (switches != other.switches) return switches < other.switches;
    if (reads != other.reads) return reads < other.reads;
    return steps < other.steps;
  }
};

bool IsRead(Kind kind) { return kind >= Kind::kRead; }
bool IsSwitch(Kind kind) { return kind == Kind::kSwitch || kind == Kind::kNext; }
bool IsProgram(Kind kind) { return kind == Kind::kProgram; }

Cost CostOfRecorded() {
  Cost cost = {0, 0, 0, g_schedule.steps};
  for (std::uint32_t i = 0; i < g_choices.recorded; ++i) {
    const std::uint32_t value = g_choices.values[i];
    const Kind kind = g_choices.kinds[i];
    if (IsProgram(kind)) cost.program += value;
    if (kind == Kind::kSwitch && value != 0) cost.switches += 1;
    if (IsRead(kind) && value != 0) cost.reads += 1;
  }
  return cost;
}

// Two failures are the same but for the numbers of threads.
bool IsSameText(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    if (*a == 'T') {
      for (++a; *a >= '0' && *a <= '9'; ++a) {}
      for (++b; *b >= '0' && *b <= '9'; ++b) {}
    } else {
      ++a;
      ++b;
    }
  }
  return *a == *b;
}

class Shrinker {
 public:
  Shrinker(const Body& body, const Options& options, Recording* best)
      : body_(body), options_(options), best_(best), trial_(NewTable<std::uint8_t>(kMaxChoices)) {
    strcpy(text_, g_failure.text);
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    end_ = now.tv_sec + kMaxSeconds;
  }

  void Run() {
    Begin();
    Accept();  // the recording itself gives the cost to beat
    for (bool better = true; better && !IsOver();) {
      better = Zero(IsProgram);
      better |= Zero(IsSwitch);
      better |= Zero(IsRead);
      better |= Lower();
    }
  }

 private:
  bool IsOver() const {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return tries_ >= kMaxTries || now.tv_sec >= end_;
  }

  void Begin() { memcpy(trial_, best_->bytes, count_ = best_->count); }

  // Runs the trial, and keeps what it did if it fails alike and costs less.
  bool Accept() {
    ++tries_;
    RunRecorded(body_, options_, trial_, count_);
    if (!HasFailed() || !IsSameText(text_, g_failure.text)) return false;
    const Cost cost = CostOfRecorded();
    if (has_cost_ && !cost.IsLessThan(cost_)) return false;
    has_cost_ = true;
    cost_ = cost;
    best_->count = g_choices.recorded;
    memcpy(best_->bytes, g_choices.values, best_->count);
    memcpy(best_->kinds, g_choices.kinds, best_->count);
    return true;
  }

  // Stretches of answers of some kinds become zero, long ones first.
  template <typename Is>
  bool Zero(Is is) {
    bool better = false;
    for (std::uint32_t length = best_->count; length > 0; length /= 2) {
      for (std::uint32_t at = 0; at < best_->count && !IsOver(); at += length) {
        Begin();
        bool changed = false;
        for (std::uint32_t i = at; i < at + length && i < count_; ++i) {
          if (!is(best_->kinds[i]) || trial_[i] == 0) continue;
          trial_[i] = 0;
          changed = true;
        }
        if (changed) better |= Accept();
      }
    }
    return better;
  }

  // Answers one by one become less, or go.
  bool Lower() {
    bool better = false;
    for (std::uint32_t at = 0; at < best_->count && !IsOver(); ++at) {
      if (best_->bytes[at] > 1) {
        Begin();
        --trial_[at];
        better |= Accept();
      }
      if (at >= best_->count || best_->bytes[at] == 0) continue;
      Begin();
      memmove(trial_ + at, trial_ + at + 1, --count_ - at);
      better |= Accept();
    }
    return better;
  }

  const Body& body_;
  const Options& options_;
  Recording* best_;
  std::uint8_t* trial_;
  std::uint32_t count_ = 0;
  char text_[sizeof g_failure.text];
  Cost cost_ = {};
  bool has_cost_ = false;
  unsigned tries_ = 0;
  long end_;
};

}  // namespace

void Shrink(const Body& body, const Options& options, Recording* recording) {
  Shrinker(body, options, recording).Run();
}

}  // namespace ashlar::explorer
