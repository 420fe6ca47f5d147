// actor.h - one life of one thread of a random scenario.
#ifndef ASHLAR_STRESS_RANDOM_ACTOR_H_
#define ASHLAR_STRESS_RANDOM_ACTOR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "oneapi/tbb/concurrent_queue.h"
#include "stress/oracle/block.h"
#include "stress/random/mix.h"
#include "stress/run/trial.h"
#include "stress/run/worker.h"

namespace ashlar::stress {

// Blocks that are nobody's for the moment. Edge: push to pop, oneTBB's.
using BlockQueue = oneapi::tbb::concurrent_bounded_queue<Block>;

// What a thread leaves to the one that comes after it.
struct Estate {
  std::vector<Block> blocks;
  std::size_t bytes = 0;
};

class Actor {
 public:
  struct Limits {
    std::size_t blocks;
    std::size_t bytes;
  };

  // `number` is unlike that of every other life of the scenario.
  Actor(Trial& trial, const Mix& mix, BlockQueue& queue, Estate& estate, const Limits& limits,
        std::uint64_t scenario_seed, std::uint32_t number);

  // Some thousand calls of the allocator, or until the trial is over. The calls made.
  std::uint64_t Live();

 private:
  // Weights of what a thread does next.
  struct Mood {
    int allocate;
    int free;
    int give;
    int take;
    int resize;
  };

  Mood DrawMood();
  void Allocate();
  void FreeOne();
  void Give();
  void Take();
  void Resize();
  void Release(const Block& block);

  Block TakeFromEstate();
  void AddToEstate(const Block& block);
  std::uint64_t NextSeed();

  Trial& trial_;
  const Mix& mix_;
  BlockQueue& queue_;
  Estate& estate_;
  Limits limits_;
  std::uint64_t next_seed_;
  Generator generator_;
  Worker worker_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RANDOM_ACTOR_H_
