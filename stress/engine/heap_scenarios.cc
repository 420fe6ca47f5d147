// Heap: classes and runs over one small region.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <thread>

#include "ashlar/heap.h"
#include "lib/slab/pool_directory.h"
#include "stress/engine/ground.h"
#include "stress/engine/scenario.h"

namespace ashlar::stress {
namespace {

constexpr HeapOptions kNoMagazines{.magazine_slots = 0, .keep_empty_slabs = 0};
constexpr HeapOptions kOneSlot{.magazine_slots = 1, .keep_empty_slabs = 0};
constexpr std::size_t kRun = 1500;  // no class of a region this small has it

template <std::size_t kCount>
void AllocateAndFree(Heap& heap, int owner, std::size_t size_bytes) {
  void* blocks[kCount];
  for (void*& block : blocks) {
    block = heap.Allocate(size_bytes);
    ASHLAR_REQUIRE(block != nullptr);
    Own(block, owner);
  }
  for (void* block : blocks) {
    CheckOwner(block, owner);
    heap.Free(block);
  }
}

// What is left in magazines comes home with FlushThread; then nothing is in use but tables.
void ExpectAllHome(Heap& heap) {
  heap.Trim();
  const HeapStatistics s = heap.Statistics();
  ASHLAR_REQUIRE(s.used_bytes == 0);
  ASHLAR_REQUIRE(s.cached_bytes == 0);
  ASHLAR_REQUIRE(s.slab_bytes == 0);
  ASHLAR_REQUIRE(s.block_bytes == 0);
}

template <std::size_t kMagazineSlots>
void TwoClassesShareARegion() {
  Region ground;
  {
    Heap heap(ground.region, {.magazine_slots = kMagazineSlots, .keep_empty_slabs = 0});
    const auto work = [&](int me, std::size_t size_bytes) {
      for (int i = 0; i < 2; ++i) AllocateAndFree<2>(heap, me, size_bytes);
    };
    Together([&] { work(1, 1000); }, [&] { work(2, 500); });
    ExpectAllHome(heap);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

void OneClassIsUsedByTwo() {
  Region ground;
  {
    Heap heap(ground.region, kNoMagazines);
    const auto work = [&](int me) {
      for (int i = 0; i < 2; ++i) AllocateAndFree<2>(heap, me, 1000);
    };
    Together([&] { work(1); }, [&] { work(2); });
    ExpectAllHome(heap);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

void RunsAndSlabsShareARegion() {
  Region ground;
  {
    Heap heap(ground.region, kNoMagazines);
    Together(
        [&] {
          for (int i = 0; i < 2; ++i) AllocateAndFree<2>(heap, 1, kRun);
        },
        [&] {
          for (int i = 0; i < 2; ++i) AllocateAndFree<2>(heap, 2, 1000);
        },
        [&] { AllocateAndFree<2>(heap, 3, kRun + 1000); });
    ExpectAllHome(heap);
  }
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// Slots in magazines of an ended thread keep slabs from being pages; a run that needs them gets
// them.
void MemoryFlowsFromSlabsToRuns() {
  Region ground;
  Heap heap(ground.region, kOneSlot);
  // The largest run there is now.
  std::size_t most = kRegionBytes;
  void* block = nullptr;
  while (block == nullptr) block = heap.Allocate(most -= 512);
  heap.Free(block);
  Together([&] { AllocateAndFree<2>(heap, 1, 1000); }, [&] { AllocateAndFree<2>(heap, 2, 500); });
  block = heap.Allocate(most - 2048);  // but for the table of the slab pool
  ASHLAR_REQUIRE(block != nullptr);
  heap.Free(block);
  ExpectAllHome(heap);
}

// The first memory comes while others ask for it already.
void MemoryIsAddedAsOthersAllocate() {
  internal::SystemArenas();  // its making would be most of what is explored
  Heap heap(kNoMagazines);
  const auto add = [&](std::size_t offset) {
    ASHLAR_REQUIRE(heap.AddMemory(g_bytes + offset, kRegionBytes / 2) == AddStatus::kAdded);
    AllocateAndFree<1>(heap, 1, 100);
  };
  Together([&] { add(0); }, [&] { add(kRegionBytes / 2); },
           [&] {
             void* block = heap.Allocate(200);
             if (block == nullptr) return;
             Own(block, 3);
             CheckOwner(block, 3);
             heap.Free(block);
           });
  ExpectAllHome(heap);
}

void TwoHeapsAreSetUpAtOnce() {
  internal::SystemArenas();
  Region ground;
  const auto use = [&](int me) {
    Heap heap(ground.region, kNoMagazines);
    AllocateAndFree<1>(heap, me, 1000);
    AllocateAndFree<1>(heap, me, kRun);
  };
  Together([&] { use(1); }, [&] { use(2); });
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// The bytes move while others take what is free.
void ABlockKeepsItsBytesAsItMoves() {
  Region ground;
  Heap heap(ground.region, kNoMagazines);
  const auto move = [&](int me, std::size_t from, std::size_t to) {
    void* block = heap.Allocate(from);
    ASHLAR_REQUIRE(block != nullptr);
    Own(block, me);
    block = heap.Reallocate(block, to);
    ASHLAR_REQUIRE(block != nullptr);
    CheckOwner(block, me);
    heap.Free(block);
  };
  Together([&] { move(1, 1000, 500); }, [&] { move(2, 1000, kRun); }, [&] { move(3, kRun, 1000); });
  ExpectAllHome(heap);
}

void AZeroedBlockIsZeroAmidTraffic() {
  Region ground;
  Heap heap(ground.region, kNoMagazines);
  Together(
      [&] {
        for (int i = 0; i < 2; ++i) AllocateAndFree<1>(heap, 1, 1000);
      },
      [&] {
        for (int i = 0; i < 2; ++i) {
          void* block = heap.AllocateZeroed(1000);
          ASHLAR_REQUIRE(block != nullptr);
          CheckOwner(block, 0);
          Own(block, 2);
          heap.Free(block);
        }
      });
  ExpectAllHome(heap);
}

void ARunIsFreedByTwo() {
  Region ground;
  Heap heap(ground.region, kNoMagazines);
  void* block = heap.Allocate(kRun);
  ASHLAR_REQUIRE(block != nullptr);
  const auto free = [&] { heap.Free(block); };
  Together(free, free);
}

void ASlotIsFreedByTwo() {
  Region ground;
  Heap heap(ground.region, {.magazine_slots = 0});
  void* keeps_the_slab = heap.Allocate(1000);
  void* block = heap.Allocate(1000);
  ASHLAR_REQUIRE(block != nullptr && keeps_the_slab != nullptr);
  const auto free = [&] { heap.Free(block); };
  Together(free, free);
}

// A heap ends while a thread that has magazines of it looks after all pools, or ends.
void AHeapEndsAsItsMagazinesAreFlushed() {
  Region ground;
  std::optional<Heap> heap(std::in_place, ground.region, kOneSlot);
  std::atomic<bool> done{false};
  std::thread other([&] {
    AllocateAndFree<2>(*heap, 1, 1000);
    done.store(true, std::memory_order_release);
    internal::FlushTable(*internal::OwnThreadTable());
  });
  while (!done.load(std::memory_order_acquire)) explorer::Pause();
  heap.reset();
  ground.UseBytesIfIdle();
  other.join();
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

void AHeapEndsAsUpkeepVisitsIt() {
  Region ground;
  std::optional<Heap> heap(std::in_place, ground.region, kOneSlot);
  AllocateAndFree<2>(*heap, 1, 1000);
  std::thread other([&] { internal::PoolDirectory::UpkeepAll(); });
  heap.reset();
  ground.UseBytesIfIdle();
  other.join();
  ASHLAR_REQUIRE(ground.IsIdleAlready());
}

// A heap over a source gives its blocks back, while others act on its end.
void TheBlocksOfAnEndedHeapAreFreed() {
  HeapSource source;
  std::optional<Heap> heap(std::in_place, source, kOneSlot);
  AllocateAndFree<2>(*heap, 1, 1000);
  std::thread other([&] { internal::PoolDirectory::UpkeepAll(); });
  heap.reset();
  other.join();
  internal::FlushTable(*internal::OwnThreadTable());
}

// Each of three needs one more block of the source.
void ASourceIsAskedByThree() {
  constexpr std::size_t kMostOfABlock = std::size_t{700} << 10;
  HeapSource source;
  Heap heap(source, kNoMagazines);
  void* first = heap.Allocate(kMostOfABlock);
  ASHLAR_REQUIRE(first != nullptr);
  const auto work = [&](int me) { AllocateAndFree<1>(heap, me, kMostOfABlock); };
  Together([&] { work(1); }, [&] { work(2); }, [&] { work(3); });
  heap.Free(first);
  ExpectAllHome(heap);
}

void BlocksAreAllocatedWithoutWaiting() {
  Region ground;
  Heap heap(ground.region, {.magazine_slots = 0, .keep_empty_slabs = 4});
  AllocateAndFree<5>(heap, 9, 1000);  // two slabs, which stay
  const auto work = [&](int me) { AllocateAndFree<2>(heap, me, 1000); };
  Together([&] { work(1); }, [&] { work(2); });
}

constexpr Scenario kScenarios[] = {
    {"TwoClassesShareARegion", TwoClassesShareARegion<0>, 1500},
    {"TwoClassesShareARegionWithMagazines", TwoClassesShareARegion<1>, 1500},
    {"OneClassIsUsedByTwo", OneClassIsUsedByTwo, 1500},
    {"RunsAndSlabsShareARegion", RunsAndSlabsShareARegion, 1500},
    {"MemoryFlowsFromSlabsToRuns", MemoryFlowsFromSlabsToRuns, 500},
    {"MemoryIsAddedAsOthersAllocate", MemoryIsAddedAsOthersAllocate, 1500},
    {"TwoHeapsAreSetUpAtOnce", TwoHeapsAreSetUpAtOnce, 1000},
    {"ABlockKeepsItsBytesAsItMoves", ABlockKeepsItsBytesAsItMoves, 1500},
    {"AZeroedBlockIsZeroAmidTraffic", AZeroedBlockIsZeroAmidTraffic, 1500},
    {"ARunIsFreedByTwo", ARunIsFreedByTwo, 100, Oracle::kEnds},
    {"ASlotIsFreedByTwo", ASlotIsFreedByTwo, 100, Oracle::kEnds},
    {"AHeapEndsAsItsMagazinesAreFlushed", AHeapEndsAsItsMagazinesAreFlushed, 1500},
    {"AHeapEndsAsUpkeepVisitsIt", AHeapEndsAsUpkeepVisitsIt, 1500},
    {"TheBlocksOfAnEndedHeapAreFreed", TheBlocksOfAnEndedHeapAreFreed, 1000},
    {"ASourceIsAskedByThree", ASourceIsAskedByThree, 300},
    {"BlocksAreAllocatedWithoutWaiting", BlocksAreAllocatedWithoutWaiting, 1500, Oracle::kStopped},
};

}  // namespace

std::span<const Scenario> HeapScenarios() { return kScenarios; }

}  // namespace ashlar::stress
