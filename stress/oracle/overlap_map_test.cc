#include "stress/oracle/overlap_map.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

constexpr std::uintptr_t kBase = 0x7000'0000'0000;
constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr OverlapMap::Answer kYes = OverlapMap::Answer::kYes;
constexpr OverlapMap::Answer kNo = OverlapMap::Answer::kNo;

const void* At(std::uintptr_t offset) { return reinterpret_cast<const void*>(kBase + offset); }

TEST(OverlapMap, NeighboursDoNotOverlap) {
  OverlapMap map;
  EXPECT_EQ(map.Claim(At(0), 1), kYes);
  EXPECT_EQ(map.Claim(At(1), 1), kYes);
  EXPECT_EQ(map.Claim(At(2), 62), kYes);
  EXPECT_EQ(map.Claim(At(64), 4032), kYes);
  EXPECT_EQ(map.Claim(At(4096), 4096), kYes);
  EXPECT_EQ(map.Claim(At(8192), kMiB - 8192), kYes);
  EXPECT_EQ(map.Claim(At(kMiB), 3 * kMiB + 5), kYes);
  EXPECT_EQ(map.Claim(At(4 * kMiB + 5), 1), kYes);
}

TEST(OverlapMap, ASharedByteIsFoundWhateverTheSizes) {
  const struct {
    std::uintptr_t start;
    std::size_t size_bytes;
  } kClaims[] = {{100, 8},      {100, 200},
                 {4096, 4096},  {4000, 200},
                 {0, 3 * 4096}, {kMiB - 1, 2},
                 {0, kMiB},     {kMiB, kMiB},
                 {5, 2 * kMiB}, {3000, 4 * kMiB},
                 {kMiB + 7, 1}, {kMiB + 5000, 40 * kKiB},
                 {64, 64},      {2 * kMiB - 4096, 4096}};
  for (const auto& first : kClaims) {
    for (const auto& second : kClaims) {
      const bool overlap = first.start < second.start + second.size_bytes &&
                           second.start < first.start + first.size_bytes;
      OverlapMap map;
      ASSERT_EQ(map.Claim(At(first.start), first.size_bytes), kYes);
      EXPECT_EQ(map.Claim(At(second.start), second.size_bytes), overlap ? kNo : kYes)
          << first.start << "+" << first.size_bytes << " and " << second.start << "+"
          << second.size_bytes;
    }
  }
}

TEST(OverlapMap, WhatWasReleasedCanBeClaimedAgainInOtherPieces) {
  OverlapMap map;
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(map.Claim(At(10), 3 * kMiB), kYes);
    ASSERT_EQ(map.Release(At(10), 3 * kMiB), kYes);
    for (std::uintptr_t at = 0; at < 3 * kMiB; at += 3 * kKiB) {
      ASSERT_EQ(map.Claim(At(at), 3 * kKiB), kYes);
    }
    for (std::uintptr_t at = 0; at < 3 * kMiB; at += 3 * kKiB) {
      ASSERT_EQ(map.Release(At(at), 3 * kKiB), kYes);
    }
  }
}

TEST(OverlapMap, ReleasingWhatIsNotClaimedIsFound) {
  OverlapMap map;
  ASSERT_EQ(map.Claim(At(0), 64), kYes);
  EXPECT_EQ(map.Release(At(0), 65), kNo);
  EXPECT_EQ(map.Release(At(8192), 4096), kNo);
  EXPECT_EQ(map.Release(At(kMiB), kMiB), kNo);
}

TEST(OverlapMap, TwoBlocksOfNoBytesCannotShareAnAddress) {
  OverlapMap map;
  EXPECT_EQ(map.Claim(At(16), 0), kYes);
  EXPECT_EQ(map.Claim(At(16), 0), kNo);
  EXPECT_EQ(map.Claim(At(17), 0), kYes);
}

TEST(OverlapMap, OfThreadsThatClaimTheSameByteAtMostOneGetsIt) {
  constexpr int kThreads = 3;
  constexpr std::uintptr_t kRounds = 200;
  OverlapMap map;
  std::vector<std::atomic<int>> wins(kRounds);
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(static_cast<unsigned>(t) + 1);
      for (std::uintptr_t round = 0; round < kRounds; ++round) {
        // From one byte to two regions, all of them over one byte.
        const std::size_t size_bytes = std::size_t{1} << (random() % 22);
        const std::uintptr_t byte = (4 + 8 * (round % 50)) * kMiB;
        const std::uintptr_t begin = byte - random() % size_bytes;
        start.arrive_and_wait();
        if (map.Claim(At(begin), size_bytes) == kYes) wins[round].fetch_add(1);
        start.arrive_and_wait();
        static_cast<void>(map.Release(At(begin), size_bytes));
        start.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<int>& count : wins) EXPECT_LE(count.load(), 1);
}

TEST(OverlapMap, ThreadsThatOwnDifferentBytesNeverMeet) {
  constexpr std::size_t kThreads = 4;
  OverlapMap map;
  std::atomic<int> faults = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      // Interleaved pieces of 24 bytes: neighbours share every word.
      for (int round = 0; round < 20; ++round) {
        for (std::uintptr_t i = t; i < 2000; i += kThreads) {
          if (map.Claim(At(i * 24), 24) != kYes) faults.fetch_add(1);
        }
        for (std::uintptr_t i = t; i < 2000; i += kThreads) {
          if (map.Release(At(i * 24), 24) != kYes) faults.fetch_add(1);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults.load(), 0);
}

}  // namespace
}  // namespace ashlar::stress
