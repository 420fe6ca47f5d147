// live_line.h - what is going on, on one line of a terminal that is written again and again.
//
// Where the output is no terminal, a plain line now and then instead.
#ifndef ASHLAR_STRESS_CONSOLE_LIVE_LINE_H_
#define ASHLAR_STRESS_CONSOLE_LIVE_LINE_H_

#include <cstdio>
#include <string>

#include "stress/run/observer.h"

namespace ashlar::stress {

class LiveLine final : public Observer {
 public:
  explicit LiveLine(std::FILE* output);

  // From the thread of one trial at a time.
  void Report(const Progress& progress) override;
  // Makes room for other output.
  void Clear();

 private:
  std::FILE* output_;
  bool is_terminal_;
  bool is_shown_ = false;
  double plain_at_seconds_ = 0;
};

[[nodiscard]] std::string FormatProgress(const Progress& progress);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_CONSOLE_LIVE_LINE_H_
