// heap_fuzz.cc - any sequence of calls of a Heap over a region of the caller's.
//
// After every call the statistics equal what the live blocks add up to; a block has the size and
// the alignment that were asked for and keeps every byte that was written to it; and when all are
// free, one block takes the whole region.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "ashlar/heap.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace ashlar::fuzz {
namespace {

constexpr std::size_t kRegionBytes[] = {32u << 10, 200u << 10, 1u << 20};
alignas(64) std::byte g_region[1u << 20];

struct Block {
  unsigned char* start;
  std::size_t size_bytes;
  std::size_t alignment;
  unsigned char mark;   // in every byte
  bool is_reallocated;  // stands where another size may have put it: not for a sized free
};

// A heap and the blocks that live in it.
class State {
 public:
  explicit State(std::size_t region_bytes) {
    Check(heap_.AddMemory(g_region, region_bytes) == AddStatus::kAdded, "the region is taken");
  }

  void Allocate(std::size_t size_bytes) {
    Enter(heap_.Allocate(size_bytes), size_bytes, alignof(std::max_align_t));
  }

  void AllocateAligned(std::size_t size_bytes, std::size_t alignment) {
    void* start = heap_.Allocate(size_bytes, alignment);
    Check(start == nullptr || std::has_single_bit(alignment), "an alignment of no power of two");
    Enter(start, size_bytes, alignment);
  }

  void AllocateZeroed(std::size_t size_bytes) {
    const auto* start = static_cast<unsigned char*>(heap_.AllocateZeroed(size_bytes));
    if (start != nullptr) {
      Check(std::all_of(start, start + size_bytes, [](unsigned char byte) { return byte == 0; }),
            "zeroed memory is zero");
    }
    Enter(const_cast<unsigned char*>(start), size_bytes, alignof(std::max_align_t));
  }

  void Free(std::size_t index) { heap_.Free(Leave(index).start); }

  void FreeSized(std::size_t index) {
    const Block block = Leave(index);
    if (block.is_reallocated) {
      heap_.Free(block.start);
    } else if (block.alignment > alignof(std::max_align_t)) {
      heap_.Free(block.start, block.size_bytes, block.alignment);
    } else {
      heap_.Free(block.start, block.size_bytes);
    }
  }

  void Reallocate(std::size_t index, std::size_t size_bytes) {
    const Block old = blocks_[index % blocks_.size()];
    auto* start = static_cast<unsigned char*>(heap_.Reallocate(old.start, size_bytes));
    if (start == nullptr) return;  // the old block is looked at when it leaves
    const std::size_t kept = std::min(old.size_bytes, size_bytes);
    Check(std::all_of(start, start + kept, [&](unsigned char byte) { return byte == old.mark; }),
          "a reallocated block keeps its bytes");
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index % blocks_.size()));
    Enter(start, size_bytes, alignof(std::max_align_t));
    blocks_.back().is_reallocated = true;
  }

  void Trim() { heap_.Trim(); }

  void CheckInvariants() {
    const HeapStatistics statistics = heap_.Statistics();
    std::size_t used_bytes = 0;
    for (const Block& block : blocks_) used_bytes += heap_.UsableSize(block.start);
    Check(statistics.used_bytes == used_bytes, "used bytes are those of the live blocks");
    Check(statistics.total_bytes == statistics.used_bytes + statistics.available_bytes,
          "total = used + available");
    Check(statistics.cached_bytes <= statistics.available_bytes, "what is cached is available");
  }

  void FreeAllAndTakeTheWhole() {
    while (!blocks_.empty()) Free(0);
    CheckInvariants();
    heap_.Trim();
    void* whole = heap_.Allocate(heap_.Statistics().available_bytes);
    Check(whole != nullptr, "an empty heap serves its whole memory as one block");
    heap_.Free(whole);
  }

  [[nodiscard]] bool IsEmpty() const { return blocks_.empty(); }

 private:
  void Enter(void* start, std::size_t size_bytes, std::size_t alignment) {
    if (start == nullptr) return;
    Check(reinterpret_cast<std::uintptr_t>(start) % alignment == 0, "a block is aligned");
    Check(heap_.UsableSize(start) >= size_bytes, "a block has the size asked for");
    const Block block{static_cast<unsigned char*>(start), size_bytes, alignment, ++mark_, false};
    std::fill_n(block.start, size_bytes, block.mark);
    blocks_.push_back(block);
  }

  Block Leave(std::size_t index) {
    const auto place = blocks_.begin() + static_cast<std::ptrdiff_t>(index % blocks_.size());
    const Block block = *place;
    blocks_.erase(place);
    Check(std::all_of(block.start, block.start + block.size_bytes,
                      [&](unsigned char byte) { return byte == block.mark; }),
          "a block keeps its bytes");
    return block;
  }

  Heap heap_;
  std::vector<Block> blocks_;
  unsigned char mark_ = 0;
};

void Step(FuzzInput& input, State& state) {
  const std::size_t verb = input.Below(8);
  if (verb < 3 || state.IsEmpty()) return state.Allocate(input.Size());
  if (verb == 3) return state.AllocateZeroed(input.Size());
  if (verb == 4) {
    // One in eight is no power of two.
    const std::size_t power = std::size_t{1} << input.Below(18);
    const std::size_t alignment = input.Below(8) == 0 ? power + 3 : power;
    return state.AllocateAligned(input.Size(), alignment);
  }
  const std::size_t index = input.Byte();
  if (verb == 5) return state.Free(index);
  if (verb == 6) return state.FreeSized(index);
  if (const std::size_t size_bytes = input.Size(); size_bytes % 16 != 15) {
    return state.Reallocate(index, size_bytes);
  }
  state.Trim();
}

}  // namespace
}  // namespace ashlar::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  using namespace ashlar::fuzz;
  FuzzInput input({data, size_bytes});
  State state(kRegionBytes[input.Below(std::size(kRegionBytes))]);
  while (!input.IsAtEnd()) {
    Step(input, state);
    state.CheckInvariants();
  }
  state.FreeAllAndTakeTheWhole();
  return 0;
}
