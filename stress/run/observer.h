// observer.h - whoever wants to see how a trial goes on while it runs.
#ifndef ASHLAR_STRESS_RUN_OBSERVER_H_
#define ASHLAR_STRESS_RUN_OBSERVER_H_

#include <cstdint>
#include <string>

namespace ashlar::stress {

struct Progress {
  std::string scenario;
  double seconds = 0;            // since the trial began
  std::uint64_t events = 0;      // calls of the allocator so far
  double events_per_second = 0;  // since the last report
  std::uint32_t threads = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t footprint_bytes = 0;
};

class Observer {
 public:
  virtual ~Observer() = default;
  // From one thread at a time, some times a second.
  virtual void Report(const Progress& progress) = 0;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_OBSERVER_H_
