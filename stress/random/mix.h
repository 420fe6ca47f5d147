// mix.h - what a random scenario asks for: sizes, alignments, zeroed memory.
#ifndef ASHLAR_STRESS_RANDOM_MIX_H_
#define ASHLAR_STRESS_RANDOM_MIX_H_

#include <cstddef>
#include <random>

#include "stress/run/worker.h"

namespace ashlar::stress {

// The same from the same seed in every process; Abseil's own generators are not.
using Generator = std::mt19937_64;

class Mix {
 public:
  virtual ~Mix() = default;
  // Thread-safe; all randomness comes from `generator`.
  [[nodiscard]] virtual Request Draw(Generator& generator) const = 0;
  // Whether blocks of this mix may change their size.
  [[nodiscard]] virtual bool Resizes() const = 0;
};

// Bytes of any size: mostly up to 256, log-uniformly up to `largest_bytes`, sometimes none; one in
// ten with an alignment of up to a page, one in ten zeroed.
class ByteMix final : public Mix {
 public:
  explicit ByteMix(std::size_t largest_bytes) : largest_bytes_(largest_bytes) {}
  Request Draw(Generator& generator) const override;
  bool Resizes() const override { return true; }

 private:
  std::size_t largest_bytes_;
};

// Objects of one type.
class ObjectMix final : public Mix {
 public:
  ObjectMix(std::size_t size_bytes, std::size_t alignment)
      : size_bytes_(size_bytes), alignment_(alignment) {}
  Request Draw(Generator& generator) const override;
  bool Resizes() const override { return false; }

 private:
  std::size_t size_bytes_;
  std::size_t alignment_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RANDOM_MIX_H_
