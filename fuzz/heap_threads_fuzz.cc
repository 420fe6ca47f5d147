// heap_threads_fuzz.cc - a Heap over a small region, used by up to three threads at once.
//
// A block bears a mark in its first bytes and its last, plain, so that a race on it is two owners of
// the same bytes. Blocks are handed over through places that all threads know. When all threads have
// ended and all blocks are free, nothing of the heap is in use.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "ashlar/heap.h"
#include "fuzz/run_program.h"

namespace ashlar::fuzz {
namespace {

constexpr std::size_t kPlaces = 4;
alignas(4096) std::byte g_region[32u << 10];

struct Block {
  std::uint32_t size_bytes;
  std::uint32_t mark;
};
constexpr std::uint32_t kMark = 0x5ab5ab;

struct State {
  explicit State(std::size_t magazine_slots)
      : heap({.magazine_slots = magazine_slots, .keep_empty_slabs = 0}) {
    ASHLAR_FUZZ_CHECK(heap.AddMemory(g_region, sizeof g_region) == AddStatus::kAdded);
  }
  Heap heap;
  std::atomic<Block*> places[kPlaces] = {};
};

// What one thread has and does.
class Worker {
 public:
  explicit Worker(State& state) : state_(state) {}

  void Do(const Operation& operation) {
    const std::size_t size_bytes = sizeof(Block) + 1 + operation.a % 64 * 32;
    Block*& mine = mine_[operation.b % kPlaces];
    std::atomic<Block*>& place = state_.places[operation.b / kPlaces % kPlaces];
    switch (operation.verb) {
      case 0:
      case 1:
        Free(mine);
        mine = Marked(state_.heap.Allocate(size_bytes), size_bytes, alignof(std::max_align_t));
        break;
      case 2:
        Free(mine);
        break;
      case 3:  // release: the block's mark. acquire: that of the one that was there.
        mine = place.exchange(mine, std::memory_order_acq_rel);
        break;
      case 4: {
        Block* found = place.exchange(nullptr, std::memory_order_acquire);
        Free(found);
        break;
      }
      case 5:
        Reallocate(mine, size_bytes);
        break;
      case 6: {
        Free(mine);
        const std::size_t alignment = std::size_t{1} << operation.a % 11;
        mine = Marked(state_.heap.Allocate(size_bytes, alignment), size_bytes, alignment);
        break;
      }
      default:
        state_.heap.Trim();
    }
  }

  void FreeAll() {
    for (Block*& block : mine_) Free(block);
  }

 private:
  static std::byte& LastByte(Block* block) {
    return reinterpret_cast<std::byte*>(block)[block->size_bytes - 1];
  }
  static Block* Marked(void* start, std::size_t size_bytes, std::size_t alignment) {
    auto* const block = static_cast<Block*>(start);
    if (block == nullptr) return nullptr;  // a full region
    ASHLAR_FUZZ_CHECK(reinterpret_cast<std::uintptr_t>(start) % alignment == 0);
    *block = {static_cast<std::uint32_t>(size_bytes), kMark};
    LastByte(block) = std::byte{0x5a};
    return block;
  }
  static void CheckMarks(Block* block) {
    ASHLAR_FUZZ_CHECK(block->mark == kMark);
    ASHLAR_FUZZ_CHECK(LastByte(block) == std::byte{0x5a});
  }
  void Free(Block*& block) {
    if (block == nullptr) return;
    CheckMarks(block);
    block->mark = 0;
    state_.heap.Free(block);
    block = nullptr;
  }
  void Reallocate(Block*& block, std::size_t size_bytes) {
    if (block == nullptr) return;
    CheckMarks(block);
    const std::uint32_t old_bytes = block->size_bytes;
    const std::size_t kept = std::min<std::size_t>(old_bytes, size_bytes);
    auto* const last_kept = reinterpret_cast<std::byte*>(block) + kept - 1;
    *last_kept = std::byte{0x5a};
    void* const moved = state_.heap.Reallocate(block, size_bytes);
    if (moved == nullptr) return;
    block = static_cast<Block*>(moved);
    ASHLAR_FUZZ_CHECK(block->mark == kMark && block->size_bytes == old_bytes);
    ASHLAR_FUZZ_CHECK(reinterpret_cast<std::byte*>(block)[kept - 1] == std::byte{0x5a});
    block->size_bytes = static_cast<std::uint32_t>(size_bytes);
    LastByte(block) = std::byte{0x5a};
  }

  State& state_;
  Block* mine_[kPlaces] = {};
};

}  // namespace

void RunProgram(const Program& program) {
  constexpr std::size_t kMagazineSlots[] = {0, 1, 4};
  State state(kMagazineSlots[program.operations.size() % 3]);
  const auto work = [&](unsigned thread) {
    Worker worker(state);
    for (const Operation& operation : program.operations) {
      if (operation.thread == thread) worker.Do(operation);
    }
    worker.FreeAll();
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < program.threads; ++i) threads.emplace_back(work, i);
  work(0);
  for (std::thread& thread : threads) thread.join();
  Worker last(state);
  for (std::uint8_t place = 0; place < kPlaces; ++place) {
    last.Do({.verb = 4, .b = static_cast<std::uint8_t>(place * kPlaces)});
  }
  state.heap.Trim();
  const HeapStatistics statistics = state.heap.Statistics();
  ASHLAR_FUZZ_CHECK(statistics.used_bytes == 0);
  ASHLAR_FUZZ_CHECK(statistics.total_bytes == statistics.available_bytes);
  void* const whole = state.heap.Allocate(statistics.available_bytes);
  ASHLAR_FUZZ_CHECK(whole != nullptr);
  state.heap.Free(whole);
}

}  // namespace ashlar::fuzz
