#include "stress/random/actor.h"

#include <iterator>
#include <random>
#include <utility>

#include "absl/random/distributions.h"

namespace ashlar::stress {
namespace {

// In calls of the allocator.
constexpr std::uint64_t kShortestLife = 300;
constexpr std::uint64_t kLongestLife = 5000;

Generator MakeGenerator(std::uint64_t scenario_seed, std::uint32_t number) {
  std::seed_seq seed{static_cast<std::uint32_t>(scenario_seed),
                     static_cast<std::uint32_t>(scenario_seed >> 32), number};
  return Generator(seed);
}

}  // namespace

Actor::Actor(Trial& trial, const Mix& mix, BlockQueue& queue, Estate& estate, const Limits& limits,
             std::uint64_t scenario_seed, std::uint32_t number)
    : trial_(trial),
      mix_(mix),
      queue_(queue),
      estate_(estate),
      limits_(limits),
      next_seed_(std::uint64_t{number} << 32),
      generator_(MakeGenerator(scenario_seed, number)),
      worker_(trial) {}

std::uint64_t Actor::Live() {
  const Mood mood = DrawMood();
  const std::uint64_t end = absl::Uniform(generator_, kShortestLife, kLongestLife);
  // What calls nobody (a look into an empty queue) does not count; every mood allocates sometimes.
  while (worker_.calls() < end && !trial_.IsOver()) {
    int choice = absl::Uniform(generator_, 0, 100);
    if ((choice -= mood.allocate) < 0) {
      Allocate();
    } else if ((choice -= mood.free) < 0) {
      FreeOne();
    } else if ((choice -= mood.give) < 0) {
      Give();
    } else if ((choice -= mood.take) < 0) {
      Take();
    } else {
      Resize();
    }
  }
  return worker_.calls();
}

Actor::Mood Actor::DrawMood() {
  constexpr Mood kMoods[] = {
      {.allocate = 40, .free = 25, .give = 12, .take = 13, .resize = 10},  // a bit of all
      {.allocate = 70, .free = 10, .give = 5, .take = 5, .resize = 10},    // hoards
      {.allocate = 10, .free = 70, .give = 5, .take = 10, .resize = 5},    // clears away
      {.allocate = 48, .free = 2, .give = 48, .take = 0, .resize = 2},     // produces
      {.allocate = 4, .free = 40, .give = 0, .take = 54, .resize = 2},     // consumes
  };
  return kMoods[absl::Uniform<std::size_t>(generator_, 0, std::size(kMoods))];
}

void Actor::Allocate() {
  if (estate_.blocks.size() >= limits_.blocks || estate_.bytes >= limits_.bytes) {
    FreeOne();
    return;
  }
  const Block block = worker_.Allocate(mix_.Draw(generator_), NextSeed());
  if (block.start != nullptr) AddToEstate(block);
}

void Actor::FreeOne() {
  if (estate_.blocks.empty()) {
    Take();
    return;
  }
  Release(TakeFromEstate());
}

void Actor::Give() {
  if (estate_.blocks.empty()) return;
  const Block block = TakeFromEstate();
  if (!queue_.try_push(block)) Release(block);
}

void Actor::Take() {
  Block block;
  if (!queue_.try_pop(block)) return;
  if (absl::Bernoulli(generator_, 0.25) && estate_.blocks.size() < limits_.blocks) {
    AddToEstate(block);
  } else {
    Release(block);
  }
}

void Actor::Resize() {
  if (estate_.blocks.empty() || !mix_.Resizes()) return;
  Block block = TakeFromEstate();
  const Request request = mix_.Draw(generator_);
  // A refusal leaves the block as it was: it is kept either way.
  static_cast<void>(worker_.Reallocate(block, request.size_bytes, NextSeed()));
  AddToEstate(block);
}

void Actor::Release(const Block& block) {
  if (absl::Bernoulli(generator_, 0.5)) {
    worker_.FreeSized(block);
  } else {
    worker_.Free(block);
  }
}

Block Actor::TakeFromEstate() {
  const std::size_t i = absl::Uniform<std::size_t>(generator_, 0, estate_.blocks.size());
  std::swap(estate_.blocks[i], estate_.blocks.back());
  const Block block = estate_.blocks.back();
  estate_.blocks.pop_back();
  estate_.bytes -= block.size_bytes;
  return block;
}

void Actor::AddToEstate(const Block& block) {
  estate_.blocks.push_back(block);
  estate_.bytes += block.size_bytes;
}

std::uint64_t Actor::NextSeed() {
  std::uint64_t x = ++next_seed_ * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  return x ^ (x >> 27);
}

}  // namespace ashlar::stress
