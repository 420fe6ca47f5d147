#include "lib/heap/testing/block_pattern.h"

#include <algorithm>
#include <cstring>

namespace ashlar::testing {
namespace {

std::uint64_t WordAt(std::uint64_t tag, std::size_t offset) {
  return (tag + 1) * 0x9e3779b97f4a7c15 + offset * 0xd1342543de82ef95;
}

}  // namespace

void FillBlock(void* block, std::size_t size_bytes, std::uint64_t tag) {
  auto* bytes = static_cast<unsigned char*>(block);
  for (std::size_t i = 0; i < size_bytes; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = WordAt(tag, i);
    std::memcpy(bytes + i, &word, std::min(sizeof word, size_bytes - i));
  }
}

bool IsFilled(const void* block, std::size_t size_bytes, std::uint64_t tag) {
  const auto* bytes = static_cast<const unsigned char*>(block);
  for (std::size_t i = 0; i < size_bytes; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = WordAt(tag, i);
    if (std::memcmp(bytes + i, &word, std::min(sizeof word, size_bytes - i)) != 0) return false;
  }
  return true;
}

bool IsZero(const void* block, std::size_t size_bytes) {
  const auto* bytes = static_cast<const unsigned char*>(block);
  return std::all_of(bytes, bytes + size_bytes, [](unsigned char byte) { return byte == 0; });
}

}  // namespace ashlar::testing
