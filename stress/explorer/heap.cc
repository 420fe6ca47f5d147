#include "stress/explorer/heap.h"

#include <string.h>
#include <sys/mman.h>

#include "stress/explorer/choices.h"
#include "stress/explorer/event.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/image.h"
#include "stress/explorer/memory_access.h"
#include "stress/explorer/real.h"
#include "stress/explorer/scheduler.h"

namespace ashlar::explorer {
namespace {

constexpr std::uint32_t kLive = 0x6c697665;
constexpr std::uint32_t kFree = 0x66726565;
constexpr std::size_t kReusedMax = 4096;  // larger blocks are not handed out again
constexpr std::size_t kPage = 4096;
constexpr int kFresh = 0xcd;  // what new blocks hold

// Before each block.
struct Header {
  std::uint64_t size;
  std::uint32_t state;
  std::uint32_t pc;  // who allocated or freed it
};
static_assert(sizeof(Header) == 16);

struct Heap {
  std::uintptr_t top = kHeap;
  void* free[kReusedMax / 16 + 1] = {};
  std::size_t classes = 0;  // of `free` that were used
  std::size_t live = 0;
  Reuse reuse = Reuse::kChosen;
};
Heap g_heap;

Header& HeaderOf(const void* block) {
  return *reinterpret_cast<Header*>(reinterpret_cast<std::uintptr_t>(block) - sizeof(Header));
}

// In an exhaustive search the order of heap calls matters where it decides what is reused.
void HeapStep() {
  if (g_schedule.heap_steps) Step(kHeap, true);
}

void* Reused(std::size_t size) {
  void*& first = g_heap.free[size / 16];
  if (first == nullptr || g_heap.reuse == Reuse::kNever) return nullptr;
  if (g_heap.reuse == Reuse::kChosen && Ask(2, Kind::kReuse) != 0) return nullptr;
  void* block = first;
  memcpy(&first, block, sizeof first);
  return block;
}

}  // namespace

void ResetHeap(Reuse reuse) {
  g_heap.top = kHeap;
  memset(g_heap.free, 0, g_heap.classes * sizeof g_heap.free[0]);
  g_heap.classes = 0;
  g_heap.live = 0;
  g_heap.reuse = reuse;
}

void* AllocateBlock(std::size_t size, std::size_t alignment, std::uint32_t pc) {
  HeapStep();
  if (size > kHeapBytes) return nullptr;
  size = ((size > 0 ? size : 1) + 15) & ~std::size_t{15};
  void* block = nullptr;
  if (alignment <= 16 && size <= kReusedMax) block = Reused(size);
  if (block == nullptr) {
    if (alignment < 16) alignment = 16;
    const std::uintptr_t start =
        (g_heap.top + sizeof(Header) + alignment - 1) & ~(alignment - 1);
    if (start - kHeap > kHeapBytes || size > kHeap + kHeapBytes - start) return nullptr;
    g_heap.top = start + size;
    block = reinterpret_cast<void*>(start);
  }
  HeaderOf(block) = {size, kLive, pc};
  NoteTouched(reinterpret_cast<std::uintptr_t>(&HeaderOf(block)));
  RenewMemory(reinterpret_cast<std::uintptr_t>(block), size, false, pc);
  if (size <= kReusedMax) memset(block, kFresh, size);  // the same in every execution
  ++g_heap.live;
  Note(Verb::kAllocate, pc, 0, reinterpret_cast<std::uintptr_t>(block), size, 0);
  return block;
}

void FreeBlock(void* block, std::uint32_t pc) {
  HeapStep();
  Header& header = HeaderOf(block);
  if (header.state == kFree) DieAt(pc, header.pc, "double free by T%u", unsigned{g_me->id});
  if (header.state != kLive) DieAt(pc, 0, "free of what is no block by T%u", unsigned{g_me->id});
  Note(Verb::kFree, pc, 0, reinterpret_cast<std::uintptr_t>(block), header.size, 0);
  RenewMemory(reinterpret_cast<std::uintptr_t>(block), header.size, true, pc);
  header.state = kFree;
  header.pc = pc;
  --g_heap.live;
  if (header.size > kReusedMax) return;
  void*& first = g_heap.free[header.size / 16];
  memcpy(block, &first, sizeof first);
  first = block;
  if (g_heap.classes <= header.size / 16) g_heap.classes = header.size / 16 + 1;
}

std::size_t SizeOfBlock(const void* block) { return HeaderOf(block).size; }

void* MapPages(std::size_t size) {
  const std::uintptr_t start = (g_heap.top + kPage - 1) & ~(kPage - 1);
  size = (size + kPage - 1) & ~(kPage - 1);
  if (start - kHeap > kHeapBytes || size > kHeap + kHeapBytes - start) return nullptr;
  g_heap.top = start + size;
  // What code that is not instrumented wrote is seen in small ranges alone: all of a large one would
  // take too long.
  if (size <= 256 * kPage) {
    memset(reinterpret_cast<void*>(start), 0, size);
  } else {
    ZeroTouched(start, size);
  }
  return reinterpret_cast<void*>(start);
}

void UnmapPages(void* start, std::size_t size, std::uint32_t pc) {
  // Whoever touches it again is reported; large ranges are not marked, as that would cost more.
  if (size <= 64 * kPage) RenewMemory(reinterpret_cast<std::uintptr_t>(start), size, true, pc);
}

std::size_t LiveBlocks() { return g_heap.live; }

}  // namespace ashlar::explorer
