#include "ashlar/slab_box.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/slab_cache.h"
#include "gtest/gtest.h"
#include "lib/slab/testing/testing_source.h"

namespace ashlar {
namespace {

using testing::TestingSource;

// Counts constructions, moves and destructions; a moved-from object still has to be destroyed.
struct Counted {
  static inline int alive = 0;
  static inline int destroyed = 0;
  static void Reset() { alive = destroyed = 0; }

  explicit Counted(std::string t) : text(std::move(t)) { ++alive; }
  Counted(Counted&& other) noexcept(false)
      : text(std::move(other.text)), move_fails(other.move_fails) {
    if (move_fails) throw std::runtime_error("as asked");
    ++alive;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    --alive;
    ++destroyed;
  }

  std::string text;
  bool move_fails = false;
};

static_assert(!std::is_copy_constructible_v<SlabBox<int>>);
static_assert(std::is_nothrow_move_constructible_v<SlabBox<int>>);
static_assert(sizeof(SlabBox<int>) == sizeof(int*));
static_assert(std::is_empty_v<SlabDelete<int>>);

class SlabBoxTest : public ::testing::Test {
 protected:
  SlabBoxTest() : cache_(source_) { Counted::Reset(); }
  std::size_t live() { return cache_.Statistics().live_objects; }

  TestingSource source_;
  SlabCache<Counted> cache_;
};

TEST_F(SlabBoxTest, ConstructsInPlaceAndDestroysAtTheEnd) {
  {
    SlabBox<Counted> box = cache_.Make("in place");
    ASSERT_TRUE(box);
    EXPECT_EQ(box->text, "in place");
    EXPECT_EQ((*box).text, "in place");
    EXPECT_EQ(live(), 1u);
  }
  EXPECT_EQ(Counted::destroyed, 1);
  EXPECT_EQ(live(), 0u);
}

TEST_F(SlabBoxTest, OwnershipMovesAndNothingElseDoes) {
  SlabBox<Counted> a = cache_.Make("a");
  Counted* object = a.get();
  SlabBox<Counted> b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT: specified
  EXPECT_EQ(b.get(), object);
  SlabBox<Counted> c = cache_.Make("c");
  c = std::move(b);
  EXPECT_EQ(c.get(), object);
  EXPECT_EQ(Counted::destroyed, 1);  // what c had
  swap(a, c);
  EXPECT_EQ(a.get(), object);
  EXPECT_TRUE(c == nullptr);
  EXPECT_EQ(live(), 1u);
}

TEST_F(SlabBoxTest, ResetFreesOnce) {
  SlabBox<Counted> box = cache_.Make("once");
  box.reset();
  EXPECT_FALSE(box);
  EXPECT_EQ(Counted::destroyed, 1);
  box.reset();
  EXPECT_EQ(Counted::destroyed, 1);
  EXPECT_EQ(live(), 0u);
}

TEST_F(SlabBoxTest, ReleaseGivesUpAndAdoptTakesUp) {
  SlabBox<Counted> box = cache_.Make("handed on");
  Counted* object = box.release();
  EXPECT_FALSE(box);
  EXPECT_EQ(Counted::destroyed, 0);
  {
    const SlabBox<Counted> again = SlabBox<Counted>::Adopt(object);
    EXPECT_EQ(again->text, "handed on");
  }
  EXPECT_EQ(Counted::destroyed, 1);
  EXPECT_EQ(live(), 0u);
  EXPECT_FALSE(SlabBox<Counted>::Adopt(nullptr));
}

TEST_F(SlabBoxTest, TakeMovesTheValueOutAndDestroysTheObjectOnce) {
  SlabBox<Counted> box = cache_.Make("value");
  {
    const Counted value = box.Take();
    EXPECT_EQ(value.text, "value");
    EXPECT_FALSE(box);
    EXPECT_EQ(live(), 0u);
    EXPECT_EQ(Counted::alive, 1);
    EXPECT_EQ(Counted::destroyed, 1);  // the object that was moved from
  }
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(Counted::destroyed, 2);
}

TEST_F(SlabBoxTest, AMoveThatThrowsLeavesTheObjectInTheBox) {
  SlabBox<Counted> box = cache_.Make("stays");
  box->move_fails = true;
  EXPECT_THROW(static_cast<void>(box.Take()), std::runtime_error);
  ASSERT_TRUE(box);
  EXPECT_EQ(live(), 1u);
  EXPECT_EQ(Counted::destroyed, 0);
  box.reset();
  EXPECT_EQ(live(), 0u);
}

TEST_F(SlabBoxTest, NoMemoryIsAnEmptyBoxAndNothingChanged) {
  source_.GiveOnly(0);
  std::vector<SlabBox<Counted>> boxes;
  while (true) {
    SlabBox<Counted> box = cache_.Make("filled");
    if (!box) break;
    boxes.push_back(std::move(box));
  }
  const SlabCacheStatistics before = cache_.Statistics();
  EXPECT_EQ(before.live_objects, boxes.size());
  EXPECT_FALSE(cache_.Make("none"));
  EXPECT_EQ(Counted::alive, static_cast<int>(boxes.size()));
  EXPECT_EQ(cache_.Statistics().slabs, before.slabs);
  boxes.pop_back();
  EXPECT_TRUE(cache_.Make("one more"));
}

TEST_F(SlabBoxTest, FreesFromAnyThreadAfterTheLastHandle) {
  SlabBox<Counted> box = cache_.Make("outlives");
  cache_ = SlabCache<Counted>();
  EXPECT_EQ(source_.blocks(), 1u);
  EXPECT_EQ(box->text, "outlives");
  std::thread([moved = std::move(box)]() mutable { moved.reset(); }).join();
  EXPECT_EQ(source_.blocks(), 0u);
  EXPECT_EQ(Counted::destroyed, 1);
}

TEST_F(SlabBoxTest, ServesAsDeleterOfUniqueAndSharedPointers) {
  {
    const std::unique_ptr<Counted, SlabDelete<Counted>> unique(cache_.New("unique"));
    std::shared_ptr<Counted> shared(cache_.New("shared"), cache_.Deleter());
    const std::shared_ptr<Counted> second = shared;
    shared.reset();
    EXPECT_EQ(second->text, "shared");
    EXPECT_EQ(live(), 2u);
  }
  EXPECT_EQ(live(), 0u);
  EXPECT_EQ(Counted::destroyed, 2);
}

struct alignas(256) Aligned {
  explicit Aligned(std::unique_ptr<int> p) : owned(std::move(p)) {}
  std::unique_ptr<int> owned;  // move-only
};

TEST(SlabBox, HoldsMoveOnlyAndOverAlignedObjects) {
  SlabCache<Aligned> cache;
  std::vector<SlabBox<Aligned>> boxes;
  for (int i = 0; i < 200; ++i) {
    boxes.push_back(cache.Make(std::make_unique<int>(i)));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(boxes.back().get()) % 256, 0u);
  }
  const Aligned taken = boxes[7].Take();
  EXPECT_EQ(*taken.owned, 7);
  boxes.clear();
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
}

struct ListNode {
  ListNode(SlabBox<ListNode> n, int v) : next(std::move(n)), value(v) {}
  SlabBox<ListNode> next;  // of a type that is not complete yet
  int value;
};

TEST(SlabBox, LinksObjectsOfItsOwnKind) {
  SlabCache<ListNode> cache;
  SlabBox<ListNode> head;
  for (int i = 0; i < 1000; ++i) head = cache.Make(std::move(head), i);
  EXPECT_EQ(cache.Statistics().live_objects, 1000u);
  EXPECT_EQ(head->next->value, 998);
  head.reset();
  EXPECT_EQ(cache.Statistics().live_objects, 0u);
}

TEST(SlabBox, OfASingleThreadedCacheOutlivesItsHandles) {
  TestingSource source;
  using Cache = SlabCache<Counted, SingleThreaded>;
  Counted::Reset();
  SlabBox<Counted, SingleThreaded> a;
  std::shared_ptr<Counted> b;
  {
    Cache cache(source);
    a = cache.Make("a");
    b = std::shared_ptr<Counted>(cache.New("b"), cache.Deleter());
  }
  EXPECT_EQ(source.blocks(), 1u);
  const Counted taken = a.Take();
  EXPECT_EQ(taken.text, "a");
  EXPECT_EQ(source.blocks(), 1u);
  b.reset();
  EXPECT_EQ(source.blocks(), 0u);
}

}  // namespace
}  // namespace ashlar
