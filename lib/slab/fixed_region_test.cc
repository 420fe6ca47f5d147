#include "ashlar/fixed_region.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/configuration.h"
#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Object {
  unsigned char bytes[64];
};
using Cache = SlabCache<Object>;

// Pages that can be taken away, so that a late touch is a crash.
class Pages {
 public:
  explicit Pages(std::size_t size_bytes)
      : start_(
            mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
        size_bytes_(size_bytes) {}
  ~Pages() { munmap(start_, size_bytes_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::byte* start() const { return static_cast<std::byte*>(start_); }
  void Forbid() { EXPECT_EQ(mprotect(start_, size_bytes_, PROT_NONE), 0); }
  void Allow() { EXPECT_EQ(mprotect(start_, size_bytes_, PROT_READ | PROT_WRITE), 0); }

 private:
  void* start_;
  std::size_t size_bytes_;
};

// A thread that does what it is told, step by step.
class Companion {
 public:
  ~Companion() {
    work_ = nullptr;
    go_.release();
    thread_.join();
  }
  void Do(std::function<void()> work) {
    work_ = std::move(work);
    go_.release();
    done_.acquire();
  }

 private:
  void Run() {
    for (go_.acquire(); work_; go_.acquire()) {
      work_();
      done_.release();
    }
  }

  std::function<void()> work_;
  std::binary_semaphore go_{0};
  std::binary_semaphore done_{0};
  std::thread thread_{[this] { Run(); }};
};

TEST(FixedRegion, ServesCachesFromItsBytesAlone) {
  const auto bytes = std::make_unique<std::byte[]>(kMiB);
  FixedRegion region(bytes.get(), kMiB);
  EXPECT_EQ(region.status(), AddStatus::kAdded);
  Cache cache(region);
  std::vector<Object*> objects;
  while (Object* object = cache.New()) {
    objects.push_back(object);
    const std::size_t offset = internal::AddressOf(object) - internal::AddressOf(bytes.get());
    ASSERT_LE(offset + sizeof(Object), kMiB);
  }
  EXPECT_GT(objects.size() * sizeof(Object), kMiB * 85 / 100);
  for (Object* object : objects) cache.Delete(object);
}

TEST(FixedRegion, RefusesWhatItCannotUse) {
  const auto bytes = std::make_unique<std::byte[]>(kMiB);
  FixedRegion region;
  EXPECT_TRUE(region.IsIdle());
  EXPECT_FALSE(Cache(region).IsValid());
  EXPECT_EQ(region.Add(nullptr, kMiB), AddStatus::kInvalid);
  EXPECT_EQ(region.Add(bytes.get(), SIZE_MAX), AddStatus::kInvalid);
  EXPECT_EQ(region.Add(bytes.get(), 100), AddStatus::kTooSmall);
  EXPECT_EQ(region.Add(bytes.get(), kMiB), AddStatus::kAdded);
  EXPECT_EQ(region.Add(bytes.get() + kMiB / 2, kMiB), AddStatus::kOverlaps);
  EXPECT_EQ(region.status(), AddStatus::kOverlaps);
  EXPECT_TRUE(Cache(region).IsValid());
}

TEST(FixedRegion, GrowsByWhatIsAddedWhileItIsInUse) {
  const auto first = std::make_unique<std::byte[]>(kMiB);
  const auto second = std::make_unique<std::byte[]>(kMiB);
  FixedRegion region(first.get(), kMiB);
  {
    Cache cache(region);
    std::vector<Object*> objects;
    while (Object* object = cache.New()) objects.push_back(object);
    const std::size_t before = objects.size();
    EXPECT_EQ(region.Add(second.get(), kMiB), AddStatus::kAdded);
    while (Object* object = cache.New()) objects.push_back(object);
    EXPECT_GT(objects.size(), before * 18 / 10);
    for (Object* object : objects) cache.Delete(object);
  }
  EXPECT_TRUE(region.IsIdle());
}

TEST(FixedRegion, ThreadsAddAtOnceAndTheSameBytesOnce) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kPieces = 12;
  constexpr std::size_t kPiece = 64 << 10;
  const auto bytes = std::make_unique<std::byte[]>((kThreads + 1) * kPieces * kPiece);
  const auto piece = [&bytes](std::size_t row, std::size_t i) {
    return bytes.get() + (row * kPieces + i) * kPiece;
  };
  FixedRegion region;
  std::size_t shared[kThreads] = {};  // pieces of the last row, added by each thread
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < kPieces; ++i) {
        EXPECT_EQ(region.Add(piece(t, i), kPiece), AddStatus::kAdded);
        const AddStatus status = region.Add(piece(kThreads, i), kPiece);
        if (status == AddStatus::kAdded) ++shared[t];
        EXPECT_TRUE(status == AddStatus::kAdded || status == AddStatus::kOverlaps);
        void* run = region.AllocatePages(1 + i);
        EXPECT_NE(run, nullptr);
        region.FreePages(run, 1 + i);
      }
    });
  }
  // One that only looks: nothing but status() orders it after what the others do.
  threads.emplace_back([&region] {
    for (int i = 0; i < 2000; ++i) {
      const AddStatus status = region.status();
      EXPECT_TRUE(status == AddStatus::kAdded || status == AddStatus::kOverlaps);
      if (i % 50 == 0) std::this_thread::yield();
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared[0] + shared[1] + shared[2] + shared[3], kPieces);
  const std::size_t all = (kThreads + 1) * kPieces * kPiece;
  EXPECT_GT(region.total_bytes(), all * 8 / 10);
  EXPECT_LT(region.total_bytes(), all);
  EXPECT_TRUE(region.IsIdle());
}

// What fixed_region.h says of its tables, in the shipping build: others keep more of each slot.
TEST(FixedRegion, TablesTakeWhatTheHeaderSays) {
  if (internal::kChecked) GTEST_SKIP();
  struct Row {
    std::size_t kib;
    std::size_t permille;
  };
  constexpr Row kRows[] = {{8, 440},  {16, 250},  {32, 160},  {64, 110},  {255, 80},
                           {256, 50}, {1023, 36}, {1024, 20}, {4096, 15}, {65536, 13}};
  const auto bytes = std::make_unique_for_overwrite<std::byte[]>(65 * kMiB);
  for (const auto& [kib, permille] : kRows) {
    const std::size_t size = kib << 10;
    for (const std::size_t shift : {0u, 16u, 1000u, 4095u, 16000u, 33000u}) {
      FixedRegion region(bytes.get() + shift, size);
      ASSERT_EQ(region.status(), AddStatus::kAdded);
      EXPECT_GE(region.total_bytes() * 1000, size * (1000 - permille)) << kib << " KiB " << shift;
    }
  }
}

TEST(FixedRegion, WorksInSmallRegionsAtAnyAddress) {
  const auto bytes = std::make_unique<std::byte[]>(kMiB);
  for (const std::size_t size : {12U << 10, 32U << 10, 200U << 10, 300U << 10, 900U << 10}) {
    for (const std::size_t skew : {0U, 1U, 8U, 1000U, 4095U}) {
      FixedRegion region(bytes.get() + skew, size);
      ASSERT_EQ(region.status(), AddStatus::kAdded) << size << " " << skew;
      {
        Cache cache(region);
        ASSERT_TRUE(cache.IsValid()) << size << " " << skew;
        std::vector<Object*> objects;
        while (Object* object = cache.New()) objects.push_back(object);
        EXPECT_GT(objects.size(), 10u) << size << " " << skew;
        for (Object* object : objects) cache.Delete(object);
      }
      EXPECT_TRUE(region.IsIdle()) << size << " " << skew;
    }
  }
}

TEST(FixedRegion, MemoryOfOneCacheServesTheOthers) {
  const auto bytes = std::make_unique<std::byte[]>(kMiB);
  FixedRegion region(bytes.get(), kMiB);
  std::optional<Cache> a(region);
  SlabCache<double> b(region);
  std::vector<Object*> objects;
  while (Object* object = a->New()) objects.push_back(object);
  EXPECT_EQ(b.New(1.0), nullptr);
  for (Object* object : objects) a->Delete(object);
  a->Trim();
  double* d = b.New(2.0);
  ASSERT_NE(d, nullptr);
  a.reset();
  EXPECT_EQ(*d, 2.0);
  EXPECT_FALSE(region.IsIdle());
  b.Delete(d);
  b = SlabCache<double>();
  EXPECT_TRUE(region.IsIdle());
}

TEST(FixedRegion, IsNotIdleWhileAnObjectLives) {
  const auto bytes = std::make_unique<std::byte[]>(kMiB);
  FixedRegion region(bytes.get(), kMiB);
  SlabBox<Object> box = Cache(region).Make();
  ASSERT_TRUE(box);
  EXPECT_FALSE(region.IsIdle());
  EXPECT_GT(region.used_bytes(), 0u);
  box.reset();
  EXPECT_TRUE(region.IsIdle());
}

TEST(FixedRegion, IsWaitedForUntilAnotherThreadBringsTheLastObject) {
  const auto bytes = std::make_unique<std::byte[]>(kMiB);
  FixedRegion region(bytes.get(), kMiB);
  SlabBox<Object> box = Cache(region).Make();
  std::thread last([&box] { box.reset(); });
  region.WaitUntilIdle();
  EXPECT_EQ(region.used_bytes(), 0u);
  last.join();
}

// The companion keeps a magazine of the ended cache, and goes on: it uses other caches, that may
// have the place of the old one in its table, and ends. Nothing of the region may be touched.
TEST(FixedRegion, OfAnEndedCacheIsNeverTouchedAgain) {
  for (int round = 0; round < 50; ++round) {
    Pages pages(kMiB);
    std::optional<FixedRegion> region(std::in_place, pages.start(), kMiB);
    Companion companion;
    {
      Cache cache(*region);
      companion.Do([&cache] {
        std::vector<Object*> objects;
        for (int i = 0; i < 300; ++i) objects.push_back(cache.New());
        for (Object* object : objects) cache.Delete(object);
      });
    }
    region->WaitUntilIdle();
    region.reset();
    pages.Forbid();
    Cache other;
    std::vector<Object*> objects;
    companion.Do([&] {
      for (int i = 0; i < 500; ++i) objects.push_back(other.New());
    });
    for (Object* object : objects) other.Delete(object);
    companion.Do([&] {
      SlabCache<long> third;
      third.Delete(third.New(1));
      other.Trim();
    });
    EXPECT_EQ(other.Statistics().live_objects, 0u);
  }
}

TEST(FixedRegion, LeavesBytesThatAreTheCallersAgain) {
  Pages pages(kMiB);
  Companion companion;
  for (int round = 0; round < 200; ++round) {
    std::optional<FixedRegion> region(std::in_place, pages.start(), kMiB);
    ASSERT_EQ(region->status(), AddStatus::kAdded);
    {
      Cache cache(*region);
      std::vector<SlabBox<Object>> boxes;
      for (int i = 0; i < 100; ++i) boxes.push_back(cache.Make());
      companion.Do([&] {
        cache.Delete(cache.New());
        for (int i = 0; i < 50; ++i) boxes.pop_back();
      });
    }
    ASSERT_TRUE(region->IsIdle()) << round;
    region.reset();
    pages.Forbid();
    companion.Do([] {
      SlabCache<long> other;
      other.Delete(other.New(1));
    });
    pages.Allow();
    for (std::size_t i = 0; i < kMiB; i += 64) pages.start()[i] = std::byte{0xdd};
  }
}

}  // namespace
}  // namespace ashlar
