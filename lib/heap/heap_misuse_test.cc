// What a caller may not do, and what the heap says to it before it ends the process.
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>

#include "ashlar/failure.h"
#include "ashlar/heap.h"
#include "ashlar/internal/base/configuration.h"
#include "ashlar/memory_source.h"
#include "gtest/gtest.h"
#include "lib/heap/testing/guarded_bytes.h"

namespace ashlar {
namespace {

using testing::GuardedBytes;

constexpr std::size_t kKiB = 1 << 10;

const char* DoubleFree() { return FailureName(Failure::kDoubleFree); }
const char* Foreign() { return FailureName(Failure::kForeignPointer); }
const char* WrongSize() { return FailureName(Failure::kWrongSize); }

// Each over the process's memory and over a region, where slabs and runs lie side by side.
class HeapMisuseDeathTest : public ::testing::TestWithParam<bool> {
 protected:
  HeapMisuseDeathTest() : bytes_(512 * kKiB) {
    EXPECT_EQ(region_heap_.AddMemory(bytes_.start(), bytes_.size_bytes()), AddStatus::kAdded);
  }
  Heap& heap() { return GetParam() ? region_heap_ : system_heap_; }
  void* New(std::size_t size_bytes) {
    void* block = heap().Allocate(size_bytes);
    EXPECT_NE(block, nullptr);
    return block;
  }
  static char* Inside(void* block, std::size_t offset) {
    return static_cast<char*>(block) + offset;
  }

  GuardedBytes bytes_;
  SystemMemory system_;
  Heap region_heap_;
  Heap system_heap_{system_};
};

// ---- In every build -----------------------------------------------------------------------------

TEST_P(HeapMisuseDeathTest, ARunFreedTwiceIsReportedAtOnce) {
  void* run = New(20 * kKiB);
  heap().Free(run);
  EXPECT_DEATH(heap().Free(run), DoubleFree());
  EXPECT_DEATH(static_cast<void>(heap().Reallocate(run, 30 * kKiB)), DoubleFree());
  EXPECT_DEATH(static_cast<void>(heap().UsableSize(run)), DoubleFree());
}

Heap* g_told;

// Who is told of the end may allocate: no lock of the heap is held any more. Red: it hangs.
TEST_P(HeapMisuseDeathTest, AHandlerOfTheEndMayUseTheHeap) {
  const auto free_badly = [this](void* block) {
    alarm(20);
    g_told = &heap();
    std::signal(SIGABRT, [](int) { _exit(g_told->Allocate(20 * kKiB) != nullptr ? 7 : 1); });
    heap().Free(block);
  };
  int foreign = 0;
  EXPECT_EXIT(free_badly(&foreign), ::testing::ExitedWithCode(7), Foreign());
  void* run = New(20 * kKiB);
  EXPECT_EXIT(free_badly(Inside(run, 4096)), ::testing::ExitedWithCode(7), Foreign());
  heap().Free(run);
  EXPECT_EXIT(free_badly(run), ::testing::ExitedWithCode(7), DoubleFree());
}

TEST_P(HeapMisuseDeathTest, ARunOfAnotherHeapIsReportedAtOnce) {
  Heap other(system_);
  void* run = other.Allocate(20 * kKiB);
  EXPECT_DEATH(heap().Free(run), Foreign());
  other.Free(run);
}

TEST_P(HeapMisuseDeathTest, AnAddressInsideOfARunIsReportedAtOnce) {
  void* run = New(40 * kKiB);
  EXPECT_DEATH(heap().Free(Inside(run, 16)), Foreign());
  EXPECT_DEATH(heap().Free(Inside(run, 8 * kKiB)), Foreign());
  heap().Free(run);
}

TEST_P(HeapMisuseDeathTest, AnAddressInNoSlabIsReportedAtOnce) {
  static int global = 0;
  int local = 0;
  EXPECT_DEATH(heap().Free(&global), Foreign());
  EXPECT_DEATH(heap().Free(&local), Foreign());
  EXPECT_DEATH(heap().Free(bytes_.At(0)), Foreign()) << "the heap's own tables";
}

TEST_P(HeapMisuseDeathTest, ASlotFreedTwiceIsReportedWhenItComesHome) {
  void* slot = New(100);
  EXPECT_DEATH(
      {
        heap().Free(slot);
        heap().Free(slot);
        heap().FlushThread();
      },
      DoubleFree());
  heap().Free(slot);
}

TEST_P(HeapMisuseDeathTest, ASlotFreedAgainAfterItsSlabWentIsReportedAtOnce) {
  void* slot = New(100);
  heap().Free(slot);
  heap().Trim();
  EXPECT_DEATH(heap().Free(slot), DoubleFree());
}

TEST_P(HeapMisuseDeathTest, AnAddressInsideOfASlotIsReportedWhenItComesHome) {
  void* slot = New(100);
  EXPECT_DEATH(
      {
        heap().Free(Inside(slot, 16));
        heap().FlushThread();
      },
      Foreign());
  heap().Free(slot);
}

TEST(HeapMisuseInSharedMemoryDeathTest, ASlotOfAnotherHeapIsReportedWhenItComesHome) {
  SystemMemory system;
  Heap heap(system);
  Heap other(system);
  void* slot = other.Allocate(100);
  EXPECT_DEATH(
      {
        heap.Free(slot);
        heap.FlushThread();
      },
      Foreign());
  other.Free(slot);
}

// ---- In checked builds --------------------------------------------------------------------------

class CheckedHeapDeathTest : public HeapMisuseDeathTest {
 protected:
  void SetUp() override {
    if constexpr (!internal::kChecked) GTEST_SKIP() << "checked builds look at each free";
  }
};

// The defect: a double free went undetected.
TEST_P(CheckedHeapDeathTest, ADoubleFreeIsReportedAtOnceByName) {
  for (const std::size_t size : {1u, 16u, 100u, 1024u, 5000u, 16384u, 20000u}) {
    void* block = New(size);
    void* neighbour = New(size);
    heap().Free(block);
    EXPECT_DEATH(heap().Free(block), DoubleFree()) << size;
    EXPECT_DEATH(heap().Free(block, size), DoubleFree()) << size;
    heap().Free(neighbour);
  }
}

// The defect: a foreign pointer went undetected.
TEST_P(CheckedHeapDeathTest, AForeignPointerIsReportedAtOnceByName) {
  Heap other(system_);
  for (const std::size_t size : {1u, 100u, 5000u, 20000u}) {
    void* block = other.Allocate(size);
    EXPECT_DEATH(heap().Free(block), Foreign()) << size;
    EXPECT_DEATH(heap().Free(block, size), Foreign()) << size;
    EXPECT_DEATH(heap().Free(block, size + 1000), Foreign()) << size;
    other.Free(block);
  }
  int local = 0;
  EXPECT_DEATH(heap().Free(&local, sizeof local), Foreign());
}

TEST_P(CheckedHeapDeathTest, AnAddressInsideOfABlockIsReportedAtOnceByName) {
  for (const std::size_t size : {48u, 100u, 1024u, 5000u, 20000u}) {
    void* block = New(size);
    EXPECT_DEATH(heap().Free(Inside(block, 1)), Foreign()) << size;
    EXPECT_DEATH(heap().Free(Inside(block, 16)), Foreign()) << size;
    EXPECT_DEATH(heap().Free(Inside(block, 16), size), Foreign()) << size;
    heap().Free(block);
  }
}

// The defect: a wrong size on a sized free went undetected.
TEST_P(CheckedHeapDeathTest, AWrongSizeOnASizedFreeIsReportedAtOnceByName) {
  void* slot = New(200);
  for (const std::size_t size : {0u, 1u, 100u, 192u, 209u, 300u, 20000u}) {
    EXPECT_DEATH(heap().Free(slot, size), WrongSize()) << size;
  }
  EXPECT_DEATH(heap().Free(slot, 200, 64), WrongSize()) << "the alignment names another class";
  heap().Free(slot, 200);

  void* run = New(40 * kKiB);
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, 20 * kKiB, 40 * kKiB + 1,
                                 80 * kKiB, SIZE_MAX}) {
    EXPECT_DEATH(heap().Free(run, size), WrongSize()) << size;
  }
  heap().Free(run, 40 * kKiB);
}

TEST_P(CheckedHeapDeathTest, ARightSizeIsTakenWhateverTheBlockWasBefore) {
  for (std::size_t size = 0; size < 60'000; size = size * 5 / 4 + 7) {
    heap().Free(New(size), size);
    void* by_usable = New(size);
    heap().Free(by_usable, heap().UsableSize(by_usable));
    for (std::size_t alignment = 1; alignment <= 8 * kKiB; alignment *= 4) {
      void* aligned = heap().Allocate(size, alignment);
      ASSERT_NE(aligned, nullptr);
      heap().Free(aligned, size, alignment);
    }
    void* resized = New(size);
    for (const std::size_t next : {size + 10, size * 7 / 8, size * 3 / 4, size / 2}) {
      resized = heap().Reallocate(resized, next);
      ASSERT_NE(resized, nullptr);
    }
    heap().Free(resized, size / 2);
  }
  heap().Free(nullptr, 100);
  EXPECT_EQ(heap().Statistics().used_bytes, 0u);
}

std::string GroundName(const ::testing::TestParamInfo<bool>& ground) {
  return ground.param ? "InARegion" : "OverTheSystem";
}
INSTANTIATE_TEST_SUITE_P(Grounds, HeapMisuseDeathTest, ::testing::Bool(), GroundName);
INSTANTIATE_TEST_SUITE_P(Grounds, CheckedHeapDeathTest, ::testing::Bool(), GroundName);

}  // namespace
}  // namespace ashlar
