#include "ashlar/slab_cache.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

struct Point {
  Point(int px, int py) : x(px), y(py) {}
  int x;
  int y;
};

// Counts what lives; tells what was never constructed.
class Tracked {
 public:
  static constexpr std::uint64_t kAlive = 0x616c697665000000;
  static inline int alive = 0;

  explicit Tracked(bool fails = false) {
    if (fails) throw std::runtime_error("as asked");
    mark_ = kAlive;
    ++alive;
  }
  ~Tracked() {
    EXPECT_EQ(mark_, kAlive) << "destroyed, and never constructed";
    mark_ = 0;
    --alive;
  }
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  bool IsAlive() const { return mark_ == kAlive; }

 private:
  std::uint64_t mark_;
};

TEST(SlabCache, MakesObjectsAndFreesThem) {
  SlabCache<Point> points;
  Point* p = points.New(3, 4);
  ASSERT_NE(p, nullptr);
  EXPECT_EQ(p->x, 3);
  EXPECT_EQ(p->y, 4);
  EXPECT_EQ(points.Statistics().live_objects, 1u);
  points.Delete(p);
  EXPECT_EQ(points.Statistics().live_objects, 0u);
  points.Delete(nullptr);
}

TEST(SlabCache, GrowsByOneSlabWhenAllAreFull) {
  SlabCache<Point> points;
  std::vector<Point*> all;
  const std::size_t per_slab = points.Statistics().slots_per_slab;
  for (std::size_t slab = 1; slab <= 3; ++slab) {
    for (std::size_t i = 0; i < per_slab; ++i) {
      all.push_back(points.New(0, 0));
      ASSERT_NE(all.back(), nullptr);
      ASSERT_EQ(points.Statistics().slabs, slab);
    }
  }
  for (Point* p : all) points.Delete(p);
}

TEST(SlabCache, ReusesTheSlotFreedLast) {
  SlabCache<Point> points;
  Point* a = points.New(0, 0);
  Point* b = points.New(0, 0);
  points.Delete(a);
  points.Delete(b);
  EXPECT_EQ(points.New(0, 0), b);
  EXPECT_EQ(points.New(0, 0), a);
  points.Delete(a);
  points.Delete(b);
}

TEST(SlabCache, ACopyIsAHandleToTheSameCache) {
  SlabCache<Point> one;
  SlabCache<Point> two = one;
  EXPECT_TRUE(one == two);
  Point* p = one.New(1, 1);
  EXPECT_EQ(two.Statistics().live_objects, 1u);
  two.Delete(p);
  EXPECT_EQ(one.Statistics().live_objects, 0u);
  SlabCache<Point> three;
  EXPECT_FALSE(one == three);
  three = two;
  EXPECT_TRUE(one == three);
}

TEST(SlabCache, AHandleMovedFromAnswersNoneToEverything) {
  SlabCache<Point> from;
  SlabCache<Point> to = std::move(from);
  EXPECT_TRUE(to.IsValid());
  EXPECT_FALSE(from.IsValid());  // NOLINT: what is left is specified
  EXPECT_EQ(from.New(1, 2), nullptr);
  EXPECT_EQ(from.Allocate(), nullptr);
  EXPECT_FALSE(from.Make(1, 2));
  EXPECT_FALSE(from.Reserve(1));
  EXPECT_EQ(from.Trim(), 0u);
  from.RecallMagazines();
  EXPECT_EQ(from.Statistics().slabs, 0u);
  from = to;
  EXPECT_TRUE(from.IsValid());
}

TEST(SlabCache, AssigningAHandleEndsTheCacheThatItHeld) {
  TestingSource source;
  SlabCache<Point> cache(source);
  EXPECT_EQ(source.blocks(), 1u);
  cache = SlabCache<Point>();
  EXPECT_EQ(source.blocks(), 0u);
  SlabCache<Point>& same = cache;
  cache = same;
  EXPECT_TRUE(cache.IsValid());
}

TEST(SlabCache, RawSlotsAreAlignedAndDistinct) {
  SlabCache<Point> points;
  std::set<void*> slots;
  for (int i = 0; i < 1000; ++i) {
    void* slot = points.Allocate();
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slot) % alignof(Point), 0u);
    new (slot) Point(i, i);
    EXPECT_TRUE(slots.insert(slot).second);
  }
  for (void* slot : slots) points.Free(slot);
  EXPECT_EQ(points.Statistics().live_objects, 0u);
}

// The defect of the reference: its slots came as objects that nobody had constructed, and were
// destroyed all the same.
TEST(SlabCache, NeverHandsOutOrDestroysAnObjectThatWasNotConstructed) {
  {
    TestingSource source;
    SlabCache<Tracked> cache(source);
    std::vector<Tracked*> objects;
    for (int round = 0; round < 5; ++round) {
      while (objects.size() < 700) {
        objects.push_back(cache.New());
        ASSERT_NE(objects.back(), nullptr);
        ASSERT_TRUE(objects.back()->IsAlive());
      }
      EXPECT_EQ(Tracked::alive, 700);
      for (Tracked* object : objects) cache.Delete(object);
      objects.clear();
      EXPECT_EQ(Tracked::alive, 0);
      EXPECT_THROW(static_cast<void>(cache.New(true)), std::runtime_error);
      EXPECT_THROW(static_cast<void>(cache.Make(true)), std::runtime_error);
      void* raw = cache.Allocate();  // no object in it, and none destroyed with it
      cache.Free(raw);
      cache.Trim();
    }
    SlabBox<Tracked> none;
    none.reset();
  }
  EXPECT_EQ(Tracked::alive, 0);
}

TEST(SlabCache, AThrowingConstructorGivesTheSlotBack) {
  SlabCacheOptions options;
  options.max_bytes = std::size_t{16} << 10;
  options.magazine_slots = 0;
  SlabCache<Tracked> cache(options);
  const std::size_t capacity = cache.Statistics().max_objects;
  for (std::size_t i = 0; i < 3 * capacity; ++i) {
    EXPECT_THROW(static_cast<void>(cache.New(true)), std::runtime_error);
  }
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
  EXPECT_EQ(cache.Statistics().free_objects, capacity);
}

// Takes a handle along, of a cache whose objects it is one of, and fails if asked to.
template <ThreadingModel Model>
struct Keeper {
  explicit Keeper(SlabCache<Keeper, Model> c, bool fails = false) : cache(std::move(c)) {
    if (fails) throw std::runtime_error("as asked");
  }
  SlabCache<Keeper, Model> cache;
};

template <ThreadingModel Model>
void MoveTheOnlyHandleIntoAnObject() {
  TestingSource source;
  SlabCache<Keeper<Model>, Model> cache(source);
  EXPECT_THROW(static_cast<void>(cache.New(std::move(cache), true)), std::runtime_error);
  EXPECT_FALSE(cache.IsValid());  // NOLINT: what is left is specified
  EXPECT_EQ(source.blocks(), 0u) << "the cache went with its only handle";

  cache = SlabCache<Keeper<Model>, Model>(source);
  {
    const SlabBox<Keeper<Model>, Model> box = cache.Make(std::move(cache));
    ASSERT_TRUE(box);
    EXPECT_TRUE(box->cache.IsValid());
    EXPECT_EQ(source.blocks(), 1u);
  }
  EXPECT_EQ(source.blocks(), 0u);
}

TEST(SlabCache, TheOnlyHandleMayMoveIntoAnObject) { MoveTheOnlyHandleIntoAnObject<Concurrent>(); }

TEST(SlabCache, TheOnlyHandleOfASingleThreadedCacheMayMoveIntoAnObject) {
  MoveTheOnlyHandleIntoAnObject<SingleThreaded>();
}

TEST(SlabCache, DeleteAnywhereNeedsThePointerAlone) {
  TestingSource source;
  auto cache = SlabCache<std::string>(source);
  std::string* from_source = cache.New("over a source of its own");
  SlabCache<std::string> system;
  std::string* from_system = system.New("over the process's memory");
  SlabCache<std::string>::DeleteAnywhere(from_source);
  SlabCache<std::string>::DeleteAnywhere(from_system);
  SlabCache<std::string>::DeleteAnywhere(nullptr);
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
  EXPECT_EQ(system.Statistics().live_objects, 0u);
}

TEST(SlabCacheDeathTest, AnObjectThatIsNoCachesEndsTheProcess) {
  std::string own;
  EXPECT_DEATH(SlabDelete<std::string>().Free(&own), "ashlar: free of a pointer that is no block");
}

TEST(SlabCacheDeathTest, ASlotThatComesHomeTwiceEndsTheProcess) {
  SlabCacheOptions options;
  options.magazine_slots = 0;
  SlabCache<Point> points(options);
  void* slot = points.Allocate();
  void* other = points.Allocate();
  points.Free(slot);
  EXPECT_DEATH(points.Free(slot), "ashlar: double free: 0x");
  points.Free(other);
}

TEST(SlabCache, AnOptionOfNoMagazinesWorks) {
  SlabCacheOptions options;
  options.magazine_slots = 0;
  SlabCache<Point> points(options);
  std::vector<Point*> all;
  for (int i = 0; i < 5000; ++i) all.push_back(points.New(i, i));
  EXPECT_EQ(points.Statistics().cached_objects, 0u);
  for (Point* p : all) points.Delete(p);
  EXPECT_EQ(points.Statistics().cached_objects, 0u);
  EXPECT_EQ(points.Statistics().live_objects, 0u);
}

TEST(SlabCache, AMagazineOfOneSlotWorks) {
  SlabCacheOptions options;
  options.magazine_slots = 1;
  SlabCache<Point> points(options);
  std::vector<Point*> all;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) all.push_back(points.New(i, i));
    for (Point* p : all) points.Delete(p);
    all.clear();
    EXPECT_EQ(points.Statistics().live_objects, 0u);
  }
}

}  // namespace
}  // namespace ashlar
