// id_source.h - numbers that are never handed out twice. Wait-free.
#ifndef ASHLAR_INTERNAL_SYNC_ID_SOURCE_H_
#define ASHLAR_INTERNAL_SYNC_ID_SOURCE_H_

#include <atomic>
#include <cstdint>

namespace ashlar::internal {

class IdSource {
 public:
  constexpr IdSource() = default;

  // The first of `count` fresh numbers, the smallest of all being 1.
  // relaxed: a number, nothing follows from it.
  std::uint64_t Next(std::uint64_t count) {
    return next_.fetch_add(count, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> next_{1};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SYNC_ID_SOURCE_H_
