#include "stress/oracle/pattern.h"

#include <sys/mman.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

constexpr std::uint64_t kSeed = 0x0123456789abcdef;
constexpr std::size_t kSizes[] = {0,    1,    2,    7,    8,     9,     16,     100,    1023,
                                  1024, 1025, 1537, 4096, 10000, 65536, 100001, 1 << 20};

TEST(Pattern, WhatWasWrittenIsFoundIntact) {
  for (const std::size_t size_bytes : kSizes) {
    std::vector<char> memory(size_bytes + 1, '?');
    WritePattern(memory.data(), size_bytes, kSeed);
    EXPECT_EQ(FindDamage(memory.data(), size_bytes, size_bytes, kSeed), std::nullopt) << size_bytes;
    EXPECT_EQ(memory[size_bytes], '?') << size_bytes;
  }
}

TEST(Pattern, EveryChangedByteOfASmallBlockIsFound) {
  for (std::size_t size_bytes = 1; size_bytes <= kWholeBytes; size_bytes += 31) {
    std::vector<char> memory(size_bytes);
    WritePattern(memory.data(), size_bytes, kSeed);
    for (std::size_t i = 0; i < size_bytes; ++i) {
      memory[i] = static_cast<char>(memory[i] ^ 64);
      ASSERT_EQ(FindDamage(memory.data(), size_bytes, size_bytes, kSeed), i) << size_bytes;
      memory[i] = static_cast<char>(memory[i] ^ 64);
    }
  }
}

TEST(Pattern, AChangedEndOrPageOfALargeBlockIsFound) {
  constexpr std::size_t kSizeBytes = 100'003;
  std::vector<char> memory(kSizeBytes);
  WritePattern(memory.data(), kSizeBytes, kSeed);
  for (const std::size_t begin :
       {std::size_t{0}, kEndBytes - 1, kSizeBytes - kEndBytes, kSizeBytes - 1}) {
    memory[begin] = static_cast<char>(memory[begin] ^ 1);
    EXPECT_EQ(FindDamage(memory.data(), kSizeBytes, kSizeBytes, kSeed), begin);
    memory[begin] = static_cast<char>(memory[begin] ^ 1);
  }
  // A page that was replaced as a whole, wherever it lies.
  for (std::size_t page = 0; page + 4096 <= kSizeBytes; page += 1000) {
    std::vector<char> copy = memory;
    std::fill_n(copy.begin() + static_cast<std::ptrdiff_t>(page), 4096 + 8, '\0');
    EXPECT_NE(FindDamage(copy.data(), kSizeBytes, kSizeBytes, kSeed), std::nullopt) << page;
  }
}

TEST(Pattern, AHugeBlockIsTouchedInFewPlaces) {
  constexpr std::size_t kSizeBytes = std::size_t{64} << 30;
  constexpr std::size_t kPageBytes = 4096;
  void* const memory = mmap(nullptr, kSizeBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  madvise(memory, kSizeBytes, MADV_NOHUGEPAGE);  // so that each touch counts for itself
  char* const block = static_cast<char*>(memory);
  WritePattern(block, kSizeBytes, kSeed);
  EXPECT_EQ(FindDamage(block, kSizeBytes, kSizeBytes, kSeed), std::nullopt);
  std::vector<unsigned char> pages(kSizeBytes / kPageBytes);
  ASSERT_EQ(mincore(memory, kSizeBytes, pages.data()), 0);
  EXPECT_LE(std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return page & 1; }),
            kMostSamples + 2);
  munmap(memory, kSizeBytes);
}

TEST(Pattern, OfAShrunkBlockTheRestIsLookedAt) {
  for (const std::size_t size_bytes : kSizes) {
    std::vector<char> memory(size_bytes);
    WritePattern(memory.data(), size_bytes, kSeed);
    const std::size_t limit = size_bytes / 3;
    std::fill(memory.begin() + static_cast<std::ptrdiff_t>(limit), memory.end(), '\0');
    EXPECT_EQ(FindDamage(memory.data(), size_bytes, limit, kSeed), std::nullopt) << size_bytes;
    if (limit == 0) continue;
    memory[0] = static_cast<char>(memory[0] ^ 1);
    EXPECT_EQ(FindDamage(memory.data(), size_bytes, limit, kSeed), 0u) << size_bytes;
  }
}

TEST(Pattern, TheBytesOfAnotherBlockAreDamage) {
  std::vector<char> memory(64);
  WritePattern(memory.data(), memory.size(), kSeed + 1);
  EXPECT_NE(FindDamage(memory.data(), memory.size(), memory.size(), kSeed), std::nullopt);
}

TEST(Pattern, AByteThatIsNotZeroIsFound) {
  for (const std::size_t size_bytes : kSizes) {
    std::vector<char> memory(size_bytes, '\0');
    EXPECT_EQ(FindNonZero(memory.data(), size_bytes), std::nullopt) << size_bytes;
    if (size_bytes == 0) continue;
    for (const std::size_t i : {std::size_t{0}, size_bytes / 2, size_bytes - 1}) {
      memory[i] = 1;
      EXPECT_EQ(FindNonZero(memory.data(), size_bytes), i) << size_bytes;
      memory[i] = 0;
    }
  }
}

}  // namespace
}  // namespace ashlar::stress
