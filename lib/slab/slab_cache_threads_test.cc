// Copies as handles from many threads at once; objects that change threads.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

constexpr unsigned kThreads = 4;
constexpr std::uint64_t kNobody = ~std::uint64_t{0};

// Says whose it is in each word, plainly: two owners at once are seen here, and by the race
// detector.
template <std::size_t kWords>
struct Stamped {
  explicit Stamped(std::uint64_t stamp) { words.fill(stamp); }
  ~Stamped() { words.fill(kNobody); }
  bool IsAll(std::uint64_t stamp) const {
    return std::all_of(words.begin(), words.end(), [stamp](std::uint64_t w) { return w == stamp; });
  }
  std::array<std::uint64_t, kWords> words;
};

template <typename T>
class Exchange {
 public:
  struct Parcel {
    T* object;
    std::uint64_t stamp;
  };
  // Leaves one parcel, takes another: often somebody else's.
  Parcel Swap(Parcel mine) {
    const std::lock_guard<std::mutex> guard(mutex_);
    parcels_.push_back(mine);
    std::swap(parcels_[parcels_.size() / 2], parcels_.back());
    const Parcel theirs = parcels_.back();
    parcels_.pop_back();
    return theirs;
  }
  void Leave(Parcel mine) {
    const std::lock_guard<std::mutex> guard(mutex_);
    parcels_.push_back(mine);
  }
  const std::vector<Parcel>& parcels() const { return parcels_; }

 private:
  std::mutex mutex_;
  std::vector<Parcel> parcels_;
};

// Each thread, with a handle of its own, makes, keeps, hands over, checks and deletes objects in
// bursts; by handle, by box or by address alone.
template <typename T>
void Hammer(const SlabCache<T>& cache, int steps, std::size_t most_held) {
  using Parcel = typename Exchange<T>::Parcel;
  Exchange<T> exchange;
  const auto work = [&exchange, steps, most_held](SlabCache<T> handle, unsigned thread) {
    std::minstd_rand random(thread + 1);
    std::vector<Parcel> held;
    std::uint64_t next = std::uint64_t{thread} << 32;
    bool is_growing = true;
    for (int step = 0; step < steps; ++step) {
      if (random() % 200 == 0) is_growing = !is_growing;
      if (random() % 10 < (is_growing ? 7u : 3u)) {
        if (held.size() >= most_held) continue;
        if (T* object = handle.New(next)) held.push_back({object, next++});
      } else if (!held.empty()) {
        std::swap(held[random() % held.size()], held.back());
        Parcel parcel = held.back();
        held.pop_back();
        ASSERT_TRUE(parcel.object->IsAll(parcel.stamp)) << "two owners of one object";
        switch (random() % 4) {
          case 0:
            parcel = exchange.Swap(parcel);
            ASSERT_TRUE(parcel.object->IsAll(parcel.stamp)) << "two owners of one object";
            parcel.object->words.fill(next);
            held.push_back({parcel.object, next++});
            break;
          case 1:
            SlabCache<T>::DeleteAnywhere(parcel.object);
            break;
          case 2:
            SlabBox<T>::Adopt(parcel.object).reset();
            break;
          default:
            handle.Delete(parcel.object);
        }
      }
      if (random() % 5000 == 0) handle.Trim();
      if (random() % 5000 == 0) handle.RecallMagazines();
    }
    for (const Parcel& parcel : held) exchange.Leave(parcel);
  };
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) threads.emplace_back(work, cache, thread);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.Statistics().live_objects, exchange.parcels().size());
  for (const Parcel& parcel : exchange.parcels()) {
    EXPECT_TRUE(parcel.object->IsAll(parcel.stamp));
    SlabCache<T>::DeleteAnywhere(parcel.object);
  }
  const SlabCacheStatistics s = cache.Statistics();
  EXPECT_EQ(s.live_objects, 0u);
  EXPECT_EQ(s.cached_objects + s.free_objects, s.slabs * s.slots_per_slab);
}

TEST(SlabCacheThreads, ShareSmallObjects) { Hammer(SlabCache<Stamped<1>>(), 100000, 2000); }

TEST(SlabCacheThreads, ShareMiddlingObjects) { Hammer(SlabCache<Stamped<8>>(), 100000, 1000); }

TEST(SlabCacheThreads, ShareLargeObjects) { Hammer(SlabCache<Stamped<2048>>(), 3000, 20); }

TEST(SlabCacheThreads, ShareWithoutMagazines) {
  SlabCacheOptions options;
  options.magazine_slots = 0;
  options.keep_empty_slabs = 0;
  Hammer(SlabCache<Stamped<64>>(options), 30000, 40);
}

TEST(SlabCacheThreads, ShareWhatIsNotEnoughForAll) {
  SlabCacheOptions options;
  options.max_bytes = std::size_t{64} << 10;
  Hammer(SlabCache<Stamped<8>>(options), 100000, 400);
}

TEST(SlabCacheThreads, ShareASourceOfTheirOwnAndLeaveItEmpty) {
  TestingSource source;
  { Hammer(SlabCache<Stamped<32>>(source), 30000, 3000); }
  EXPECT_EQ(source.blocks(), 0u);
}

// Others make and delete up to 900 of 1,200 objects; what is left is reserved, and sometimes more
// than that, in vain.
TEST(SlabCacheThreads, ReserveBesideOthersIsAnsweredAndTakesNothingFromThem) {
  using T = Stamped<32>;
  constexpr std::size_t kSlabs = 20;
  constexpr std::size_t kMost = 300;  // of each of the others
  SlabCacheOptions options;
  options.max_bytes = kSlabs * (std::size_t{16} << 10);
  options.magazine_slots = 0;
  SlabCache<T> cache(options);
  const std::size_t capacity = cache.Statistics().max_objects;
  ASSERT_GE(capacity, (kThreads - 1) * kMost + 100);
  std::vector<std::thread> threads;
  for (unsigned thread = 1; thread < kThreads; ++thread) {
    threads.emplace_back([handle = cache, thread]() mutable {
      std::minstd_rand random(thread);
      std::vector<T*> held;
      for (int round = 0; round < 3000; ++round) {
        for (std::size_t n = random() % (kMost + 1); held.size() < n;) {
          held.push_back(handle.New(std::uint64_t{thread}));
          ASSERT_NE(held.back(), nullptr) << "refused, with " << held.size() << " held";
        }
        for (std::size_t n = random() % (held.size() + 1); held.size() > n; held.pop_back()) {
          ASSERT_TRUE(held.back()->IsAll(thread)) << "two owners of one object";
          handle.Delete(held.back());
        }
      }
      for (T* object : held) handle.Delete(object);
    });
  }
  for (std::size_t i = 0; i < 3000; ++i) {
    EXPECT_TRUE(cache.Reserve(capacity - (kThreads - 1) * kMost));
    EXPECT_FALSE(cache.Reserve(capacity + 1));
    static_cast<void>(cache.Reserve(capacity - i % 100));
    EXPECT_LE(cache.Statistics().slabs, kSlabs);
    if (i % 8 == 0) cache.Trim();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(cache.Reserve(capacity));
  const SlabCacheStatistics s = cache.Statistics();
  EXPECT_EQ(s.slabs, kSlabs);
  EXPECT_EQ(s.free_objects, capacity);
  EXPECT_EQ(s.live_objects, 0u);
}

// One thread makes, another deletes: whole magazines cross, and memory does not grow.
TEST(SlabCacheThreads, OneMakesAndAnotherDeletes) {
  using T = Stamped<8>;
  SlabCache<T> cache;
  constexpr std::size_t kBatch = 500;
  std::mutex mutex;
  std::vector<std::vector<T*>> batches;
  bool is_over = false;
  std::thread consumer([&, handle = cache]() mutable {
    while (true) {
      std::vector<T*> batch;
      {
        const std::lock_guard<std::mutex> guard(mutex);
        if (batches.empty() && is_over) return;
        if (!batches.empty()) {
          batch = std::move(batches.back());
          batches.pop_back();
        }
      }
      for (T* object : batch) {
        ASSERT_TRUE(object->IsAll(7));
        handle.Delete(object);
      }
      if (batch.empty()) std::this_thread::yield();
    }
  });
  for (int i = 0; i < 1000;) {
    std::vector<T*> batch;
    for (std::size_t n = 0; n < kBatch; ++n) batch.push_back(cache.New(std::uint64_t{7}));
    while (true) {
      const std::lock_guard<std::mutex> guard(mutex);
      if (batches.size() < 4) {
        batches.push_back(std::move(batch));
        ++i;
        break;
      }
    }
  }
  {
    const std::lock_guard<std::mutex> guard(mutex);
    is_over = true;
  }
  consumer.join();
  const SlabCacheStatistics s = cache.Statistics();
  EXPECT_EQ(s.live_objects, 0u);
  // Six batches alive at most; as much again in magazines, depot and part-filled slabs.
  EXPECT_LE(s.slabs * s.slots_per_slab, 32 * kBatch);
}

}  // namespace
}  // namespace ashlar
