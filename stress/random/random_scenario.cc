#include "stress/random/random_scenario.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "oneapi/tbb/concurrent_queue.h"
#include "stress/oracle/block.h"
#include "stress/random/actor.h"
#include "stress/run/worker.h"

namespace ashlar::stress {
namespace {

constexpr std::ptrdiff_t kQueueBlocks = 512;

// A thread that has ended, as it tells the supervisor.
struct Ended {
  std::uint32_t place;
  std::uint64_t operations;
};

// Fills every place with a thread, and fills it again when its thread has ended.
class Supervisor {
 public:
  Supervisor(Trial& trial, const Mix& mix, const RandomOptions& options)
      : trial_(trial),
        mix_(mix),
        options_(options),
        threads_(options.threads),
        estates_(options.threads) {
    queue_.set_capacity(kQueueBlocks);
  }

  // Returns when all threads have ended, having made at least so many calls more, if there is time
  // and the trial goes on.
  absl::Status RunRound(std::uint64_t operations) {
    const std::uint64_t end = done_ + operations;
    absl::Status status;
    std::uint32_t running = 0;
    for (std::uint32_t place = 0; place < options_.threads && status.ok(); ++place) {
      status = Start(place);
      if (status.ok()) ++running;
    }
    while (running != 0) {
      Ended ended{};
      ended_.pop(ended);
      threads_[ended.place].join();
      --running;
      done_ += ended.operations;
      if (!status.ok() || trial_.IsOver() || done_ >= end || IsLate()) continue;
      status = Start(ended.place);
      if (status.ok()) ++running;
    }
    return status;
  }

  std::uint64_t done() const { return done_; }
  bool IsLate() const { return absl::Now() >= options_.deadline; }

  void FreeTheRest() {
    Worker worker(trial_);
    Block block;
    while (queue_.try_pop(block)) worker.Free(block);
    for (const Estate& estate : estates_) {
      for (const Block& left : estate.blocks) worker.Free(left);
    }
  }

 private:
  absl::Status Start(std::uint32_t place) {
    try {
      threads_[place] = std::thread([this, place, number = ++lives_] { Live(place, number); });
    } catch (const std::system_error& error) {
      return absl::ResourceExhaustedError(absl::StrCat("cannot start a thread: ", error.what()));
    }
    return absl::OkStatus();
  }

  void Live(std::uint32_t place, std::uint32_t number) {
    std::uint64_t operations = 0;
    {
      Actor actor(trial_, mix_, queue_, estates_[place],
                  {.blocks = options_.blocks_per_thread, .bytes = options_.bytes_per_thread},
                  options_.seed, number);
      operations = actor.Live();
    }
    ended_.push({place, operations});
  }

  Trial& trial_;
  const Mix& mix_;
  const RandomOptions& options_;
  std::vector<std::thread> threads_;
  std::vector<Estate> estates_;  // of a place: written by its thread, from one to the next by join
  BlockQueue queue_;
  oneapi::tbb::concurrent_bounded_queue<Ended> ended_;
  std::uint32_t lives_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

absl::Status DriveAtRandom(Trial& trial, const Mix& mix, const RandomOptions& options) {
  Supervisor supervisor(trial, mix, options);
  while (supervisor.done() < options.operations && !supervisor.IsLate()) {
    const std::uint64_t left = options.operations - supervisor.done();
    const absl::Status status = supervisor.RunRound(std::min(left, options.operations_per_round));
    if (!status.ok() || trial.IsOver()) return status;
    trial.CheckCounts();
  }
  supervisor.FreeTheRest();
  return absl::OkStatus();
}

}  // namespace ashlar::stress
