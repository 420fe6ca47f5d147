#include "stress/subject/planted_subject.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

namespace ashlar::stress {
namespace {

constexpr std::size_t kLeastAlignment = 16;
constexpr std::size_t kSpareBytes = 64;
constexpr std::size_t kLargeBytes = 64;

char* AlignUp(char* p, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + ((address + alignment - 1) / alignment * alignment - address);
}

}  // namespace

PlantedSubject::~PlantedSubject() {
  for (const auto& [start, memory] : blocks_) ::operator delete(memory.base);
  for (const Memory& memory : kept_) ::operator delete(memory.base);
}

void* PlantedSubject::Allocate(std::size_t size_bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Place(size_bytes, kLeastAlignment);
}

void* PlantedSubject::Allocate(std::size_t size_bytes, std::size_t alignment) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool honours = fault_ != PlantedFault::kOveraligned;
  return Place(size_bytes, honours ? std::max(alignment, kLeastAlignment) : kLeastAlignment);
}

void* PlantedSubject::AllocateZeroed(std::size_t size_bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  char* const block = static_cast<char*>(Place(size_bytes, kLeastAlignment));
  if (block == nullptr) return nullptr;
  std::memset(block, 0, size_bytes);
  if (size_bytes != 0 && Strikes(PlantedFault::kDirty)) block[size_bytes / 2] = 1;
  return block;
}

void* PlantedSubject::Reallocate(void* block, std::size_t new_size_bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::size_t old_size_bytes = blocks_.at(block).size_bytes;
  if (old_size_bytes != 0 && Strikes(PlantedFault::kSpoilsOnRefuse)) {
    *static_cast<char*>(block) ^= 1;
    return nullptr;
  }
  void* const now = Place(new_size_bytes, kLeastAlignment);
  if (now == nullptr) return nullptr;
  std::size_t kept_bytes = std::min(old_size_bytes, new_size_bytes);
  if (Strikes(PlantedFault::kForgetful)) kept_bytes /= 2;
  std::memcpy(now, block, kept_bytes);
  Remove(block);
  return now;
}

void PlantedSubject::Free(void* block) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (block != nullptr) Remove(block);
}

std::optional<std::size_t> PlantedSubject::UsableSize(const void* block) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  Memory& memory = blocks_.at(block);
  if (fault_ == PlantedFault::kShort) return memory.size_bytes / 2;
  if (fault_ == PlantedFault::kOversold) return memory.size_bytes + kSpareBytes;
  if (fault_ == PlantedFault::kChangingSize) return memory.size_bytes + memory.said++;
  return memory.size_bytes;
}

std::optional<std::size_t> PlantedSubject::FootprintBytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (fault_ == PlantedFault::kHoardingMutely) return std::nullopt;
  return footprint_bytes_;
}

Census PlantedSubject::Count() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Census census{.live_blocks = counted_blocks_, .live_bytes = counted_bytes_};
  if (fault_ == PlantedFault::kInconsistent) census.contradiction = "used + free is not total";
  return census;
}

std::optional<std::size_t> PlantedSubject::End() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (Hoards()) {
    for (const Memory& memory : kept_) Drop(memory);
    kept_.clear();
  }
  return footprint_bytes_;
}

bool PlantedSubject::Strikes(PlantedFault fault) {
  return fault == fault_ && ++calls_ % kFaultEvery == 0;
}

bool PlantedSubject::Hoards() const {
  return fault_ == PlantedFault::kHoarding || fault_ == PlantedFault::kHoardingMutely;
}

void* PlantedSubject::Place(std::size_t size_bytes, std::size_t alignment) {
  if (Strikes(PlantedFault::kRefusing)) return nullptr;
  Memory memory{.size_bytes = size_bytes};
  char* start = nullptr;
  // Small ones only, which fit into what the large one has to spare, and no aligned ones.
  const bool may_intrude =
      last_large_ != nullptr && size_bytes <= kLargeBytes && alignment == kLeastAlignment;
  if (may_intrude && Strikes(PlantedFault::kOverlapping)) {
    start = last_large_ + kLeastAlignment;
  } else if (may_intrude && Strikes(PlantedFault::kOversold)) {
    start = AlignUp(last_large_ + blocks_.at(last_large_).size_bytes, kLeastAlignment);
  } else {
    memory.base = static_cast<char*>(::operator new(size_bytes + alignment + 4 * kSpareBytes));
    footprint_bytes_ += size_bytes;
    start = AlignUp(memory.base, alignment);
    if (size_bytes >= kLeastAlignment && Strikes(PlantedFault::kMisaligned)) start += 8;
  }
  if (last_large_ != nullptr && Strikes(PlantedFault::kScribbled)) *last_large_ ^= 1;
  if (size_bytes >= kLargeBytes && memory.base != nullptr) last_large_ = start;
  blocks_.emplace(start, memory);
  ++counted_blocks_;
  counted_bytes_ += size_bytes;
  return start;
}

void PlantedSubject::Remove(void* block) {
  const auto found = blocks_.find(block);
  const Memory memory = found->second;
  blocks_.erase(found);
  if (block == last_large_) last_large_ = nullptr;
  if (!Strikes(PlantedFault::kMiscounting)) {
    --counted_blocks_;
    counted_bytes_ -= memory.size_bytes;
  }
  if (Hoards() || Strikes(PlantedFault::kLeaking)) {
    kept_.push_back(memory);
  } else {
    Drop(memory);
  }
}

void PlantedSubject::Drop(const Memory& memory) {
  if (memory.base != nullptr) footprint_bytes_ -= memory.size_bytes;
  ::operator delete(memory.base);
}

}  // namespace ashlar::stress
