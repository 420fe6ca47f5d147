// block.h - one block as its holder knows it. Whoever holds it hands it on as a value.
#ifndef ASHLAR_STRESS_ORACLE_BLOCK_H_
#define ASHLAR_STRESS_ORACLE_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace ashlar::stress {

struct Block {
  char* start = nullptr;         // null: the request was not served
  std::size_t size_bytes = 0;    // as requested
  std::size_t extent_bytes = 0;  // as the allocator says it may be used, and as it is claimed
  std::size_t alignment = 0;     // as requested; 0: none in particular
  std::uint64_t seed = 0;        // of its pattern; no two blocks share one
};

// "48 bytes at 0x7f0012345678".
[[nodiscard]] std::string Describe(const Block& block);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_BLOCK_H_
