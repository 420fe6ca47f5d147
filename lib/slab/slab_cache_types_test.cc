// Objects of every size and alignment, under both threading models.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

struct Empty {};

template <std::size_t kSize, std::size_t kAlignment = 1>
struct alignas(kAlignment) Bytes {
  std::array<unsigned char, kSize> bytes;
};

template <typename T, ThreadingModel M>
struct Case {
  using Object = T;
  using Model = M;
};

template <typename C>
class SlabCacheTypes : public ::testing::Test {};

template <ThreadingModel M>
using CasesOf = ::testing::Types<
    Case<Empty, M>, Case<Bytes<1>, M>, Case<Bytes<2>, M>, Case<Bytes<3>, M>, Case<Bytes<8>, M>,
    Case<Bytes<9>, M>, Case<Bytes<24, 8>, M>, Case<Bytes<64>, M>, Case<Bytes<1, 64>, M>,
    Case<Bytes<128, 128>, M>, Case<Bytes<1000, 8>, M>, Case<Bytes<16385>, M>,
    Case<Bytes<1, 4096>, M>, Case<Bytes<5000, 4096>, M>, Case<Bytes<65536, 65536>, M>,
    Case<Bytes<102400>, M>, Case<Bytes<1, (1 << 20)>, M>>;

// Fills the slot of `object` and looks later whether the fill is still there.
template <typename T>
struct Filled {
  T* object;
  unsigned char value;

  Filled(T* o, unsigned char v) : object(o), value(v) { std::memset(bytes(), value, sizeof(T)); }
  unsigned char* bytes() const { return reinterpret_cast<unsigned char*>(object); }
  bool IsIntact() const {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      if (bytes()[i] != value) return false;
    }
    return true;
  }
};

template <typename T, ThreadingModel Model>
void FillFreeAndFillAgain() {
  using Cache = SlabCache<T, Model>;
  static_assert(Cache::kSlotBytes % alignof(T) == 0);
  static_assert(Cache::kSlotBytes >= sizeof(T));
  static_assert(std::is_trivially_destructible_v<T>);
  Cache cache;
  const SlabCacheStatistics statistics = cache.Statistics();
  EXPECT_GE(statistics.slots_per_slab, 2u);
  EXPECT_EQ(statistics.slab_bytes & (statistics.slab_bytes - 1), 0u);
  EXPECT_EQ(statistics.slot_bytes, Cache::kSlotBytes);
  // Three slabs and a bit.
  const std::size_t count = 3 * statistics.slots_per_slab + 1;
  std::vector<Filled<T>> filled;
  for (int round = 0; round < 2; ++round) {
    while (filled.size() < count) {
      T* object = cache.New();
      ASSERT_NE(object, nullptr);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(object) % alignof(T), 0u);
      filled.emplace_back(object, static_cast<unsigned char>(filled.size() * 31 + 7));
    }
    for (const Filled<T>& f : filled) ASSERT_TRUE(f.IsIntact()) << "two objects overlap";
    EXPECT_EQ(cache.Statistics().live_objects, count);
    // Every other one goes, then comes again.
    std::vector<Filled<T>> kept;
    for (std::size_t i = 0; i < filled.size(); ++i) {
      if (i % 2 == 0) {
        cache.Delete(filled[i].object);
      } else {
        kept.push_back(filled[i]);
      }
    }
    filled = kept;
  }
  for (const Filled<T>& f : filled) {
    EXPECT_TRUE(f.IsIntact());
    cache.Delete(f.object);
  }
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
}

TYPED_TEST_SUITE_P(SlabCacheTypes);

TYPED_TEST_P(SlabCacheTypes, AreAlignedAndNeverOverlap) {
  FillFreeAndFillAgain<typename TypeParam::Object, typename TypeParam::Model>();
}

TYPED_TEST_P(SlabCacheTypes, FreeThemselvesThroughABox) {
  SlabCache<typename TypeParam::Object, typename TypeParam::Model> cache;
  {
    auto a = cache.Make();
    auto b = cache.Make();
    ASSERT_TRUE(a);
    ASSERT_TRUE(b);
    EXPECT_NE(static_cast<void*>(a.get()), static_cast<void*>(b.get()));
    EXPECT_EQ(cache.Statistics().live_objects, 2u);
  }
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
}

REGISTER_TYPED_TEST_SUITE_P(SlabCacheTypes, AreAlignedAndNeverOverlap, FreeThemselvesThroughABox);
INSTANTIATE_TYPED_TEST_SUITE_P(InConcurrentCaches, SlabCacheTypes, CasesOf<Concurrent>);
INSTANTIATE_TYPED_TEST_SUITE_P(InSingleThreadedCaches, SlabCacheTypes, CasesOf<SingleThreaded>);

// Compile-time facts.
static_assert(SlabCache<Bytes<3>>::kSlotBytes == 8);
static_assert(SlabCache<Empty>::kSlotBytes == 8);
static_assert(SlabCache<Bytes<9>>::kSlotBytes == 9);
static_assert(SlabCache<Bytes<1, 4096>>::kSlotBytes == 4096);
static_assert(MemorySource<SystemMemory>);
struct NoSource {
  MemoryBlock Acquire(std::size_t) { return {}; }  // may throw
  void Release(MemoryBlock) noexcept {}
};
static_assert(!MemorySource<NoSource>);

}  // namespace
}  // namespace ashlar
