// sampler.h - a thread beside a trial that looks at its footprint and tells an observer.
#ifndef ASHLAR_STRESS_RUN_SAMPLER_H_
#define ASHLAR_STRESS_RUN_SAMPLER_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "stress/run/observer.h"
#include "stress/run/trial.h"

namespace ashlar::stress {

// Samples from construction to destruction, once more at the end. `observer` may be null.
class Sampler {
 public:
  Sampler(std::string scenario, Trial& trial, Observer* observer);
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

 private:
  void Run();
  // False: it is time to end.
  bool WaitForNextSample();

  std::string scenario_;
  Trial& trial_;
  Observer* observer_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool has_ended_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_SAMPLER_H_
