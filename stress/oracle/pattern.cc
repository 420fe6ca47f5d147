#include "stress/oracle/pattern.h"

#include <algorithm>
#include <cstring>

namespace ashlar::stress {
namespace {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kZeroWholeBytes = std::size_t{1} << 20;
constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;

std::uint64_t WordAt(std::uint64_t seed, std::size_t offset) {
  return seed + offset / kWordBytes * kStep;
}

void WriteRun(char* start, std::size_t begin, std::size_t end, std::uint64_t seed) {
  std::size_t offset = begin;
  for (; offset + kWordBytes <= end; offset += kWordBytes) {
    const std::uint64_t word = WordAt(seed, offset);
    std::memcpy(start + offset, &word, kWordBytes);
  }
  const std::uint64_t word = WordAt(seed, offset);
  std::memcpy(start + offset, &word, end - offset);
}

std::size_t FirstDifference(const char* bytes, std::uint64_t word) {
  char expected[kWordBytes];
  std::memcpy(expected, &word, kWordBytes);
  return static_cast<std::size_t>(std::mismatch(expected, expected + kWordBytes, bytes).first -
                                  expected);
}

std::optional<std::size_t> CheckRun(const char* start, std::size_t begin, std::size_t end,
                                    std::uint64_t seed) {
  std::size_t offset = begin;
  for (; offset + kWordBytes <= end; offset += kWordBytes) {
    std::uint64_t word;
    std::memcpy(&word, start + offset, kWordBytes);
    if (word != WordAt(seed, offset)) {
      return offset + FirstDifference(start + offset, WordAt(seed, offset));
    }
  }
  char tail[kWordBytes];
  const std::uint64_t word = WordAt(seed, offset);
  std::memcpy(tail, &word, kWordBytes);
  for (std::size_t i = 0; offset + i < end; ++i) {
    if (start[offset + i] != tail[i]) return offset + i;
  }
  return std::nullopt;
}

// Calls visit(begin, end) for the runs of bytes that stand for a block of `size_bytes`, ascending,
// each beginning at a whole word; stops as soon as one answers true.
template <typename Visit>
void ForEachRun(std::size_t size_bytes, const Visit& visit) {
  if (size_bytes <= kWholeBytes) {
    visit(std::size_t{0}, size_bytes);
    return;
  }
  if (visit(std::size_t{0}, kEndBytes)) return;
  const std::size_t tail = (size_bytes - kEndBytes) / kWordBytes * kWordBytes;
  const std::size_t stride =
      std::max(kPageBytes, size_bytes / kMostSamples / kWordBytes * kWordBytes + kWordBytes);
  for (std::size_t offset = stride; offset + kWordBytes <= tail; offset += stride) {
    if (visit(offset, offset + kWordBytes)) return;
  }
  visit(tail, size_bytes);
}

std::optional<std::size_t> FindNonZeroIn(const char* start, std::size_t begin, std::size_t end) {
  for (std::size_t offset = begin; offset < end; ++offset) {
    if (start[offset] != 0) return offset;
  }
  return std::nullopt;
}

}  // namespace

void WritePattern(char* start, std::size_t size_bytes, std::uint64_t seed) {
  if (size_bytes == 0) return;  // start may be null
  ForEachRun(size_bytes, [&](std::size_t begin, std::size_t end) {
    WriteRun(start, begin, end, seed);
    return false;
  });
}

std::optional<std::size_t> FindDamage(const char* start, std::size_t size_bytes,
                                      std::size_t limit_bytes, std::uint64_t seed) {
  std::optional<std::size_t> damage;
  ForEachRun(size_bytes, [&](std::size_t begin, std::size_t end) {
    if (begin >= limit_bytes) return true;
    damage = CheckRun(start, begin, std::min(end, limit_bytes), seed);
    return damage.has_value();
  });
  return damage;
}

std::optional<std::size_t> FindNonZero(const char* start, std::size_t size_bytes) {
  // Zero bytes equal their neighbours: the fastest comparison that there is.
  if (size_bytes == 0) return std::nullopt;
  const std::size_t whole = std::min(size_bytes, kZeroWholeBytes);
  if (start[0] != 0 || std::memcmp(start, start + 1, whole - 1) != 0) {
    return FindNonZeroIn(start, 0, whole);
  }
  std::optional<std::size_t> found;
  ForEachRun(size_bytes, [&](std::size_t begin, std::size_t end) {
    found = FindNonZeroIn(start, begin, end);
    return found.has_value();
  });
  return found;
}

}  // namespace ashlar::stress
