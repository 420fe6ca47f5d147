#include "ashlar/heap.h"

#include <algorithm>
#include <cstring>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/os/threads.h"
#include "lib/slab/pool_directory.h"

namespace ashlar {

using internal::Arena;
using internal::ClassOfAligned;
using internal::ClassOfSize;
using internal::IsPowerOfTwo;
using internal::kClasses;
using internal::kGranule;
using internal::SizeOfClass;

namespace {

// Held while a heap is set up: one for all, so that it can be held around a fork.
constinit internal::Lock<Concurrent> g_set_up_lock;
constinit internal::os::AroundFork g_around_fork([] { g_set_up_lock.Acquire(); },
                                                 [] { g_set_up_lock.Release(); },
                                                 [] { g_set_up_lock.Release(); });

}  // namespace

// ---- Life ---------------------------------------------------------------------------------------

constinit const internal::MapByte Heap::kNoMap;

Heap::Heap(const HeapOptions& options) : options_(options), arenas_(&own_) {
  RegisterForFork(own_);
}

Heap::Heap(SystemMemory&, const HeapOptions& options)
    : options_(options), arenas_(&internal::SystemArenas()) {
  static_cast<void>(IsReady());
}

Heap::Heap(FixedRegion& region, const HeapOptions& options)
    : options_(options), arenas_(&region.arenas()) {
  static_cast<void>(IsReady());
}

Heap::Heap(const internal::SourceReference& source, const HeapOptions& options)
    : Heap(options) {
  own_.SetSource(source);
  static_cast<void>(IsReady());
}

Heap::~Heap() {
  if (arenas_ != &own_) {
    // First what is found by the pool's number: once the pool has ended, the next pool may have it.
    large_.FreeAll();
    pool_.EndNow();
    if (ready_.Get() != nullptr) pool_.Abandon();
    return;
  }
  pool_.EndNow();
  UnregisterForFork(own_);
  own_.ReleaseAll();
}

// Asks for first memory where there is somebody to ask, and sets the heap up once it has some.
bool Heap::BecomeReady() noexcept {
  if (arenas_ != &own_ && arenas_->first() == nullptr) {
    internal::SystemArenas();  // asks the system again, if it had no range for the process before
  }
  if (!arenas_->Serve(1, 1, [this] { return arenas_->first() != nullptr; })) return false;
  // The locks that are taken inside of this one are prepared first, so that it is taken first.
  internal::PrepareThreadsForFork();
  g_around_fork.Begin();
  const internal::LockGuard<Concurrent> guard(g_set_up_lock);
  if (ready_.Get() == nullptr) SetUp();
  return ready_.Get() != nullptr;
}

// The arenas have their first memory: now it is known how they are divided. Once, before any block.
void Heap::SetUp() {
  const internal::ArenaGeometry& geometry = arenas_->geometry();
  for (unsigned c = 1; c < kClasses; ++c) {
    if (SizeOfClass(c) > geometry.unit_bytes()) break;
    classes_[c].geometry = internal::MakeSlotGeometry(SizeOfClass(c), geometry);
    classes_[c].keep_empty_slabs = options_.keep_empty_slabs;
    largest_class_ = c;
  }
  internal::MagazineLimits limits;
  limits.magazine_slots = options_.magazine_slots;
  limits.magazine_bytes = std::min(limits.magazine_bytes, geometry.unit_bytes());
  if (!pool_.Initialize(arenas_, classes_, depots_, kClasses, true, limits, nullptr, nullptr)) {
    return;  // as many heaps as there can be: this one stays without memory
  }
  large_.Initialize(arenas_, pool_.number());
  const Arena& arena = *arenas_->first();
  map_.Set(&arena.class_of(0));
  map_base_.Set(arena.base());
  map_shift_.Set(geometry.unit_shift);
  map_units_.Set(arena.units());
  first_offset_.Set(pool_.EntryOffset(0));
  pool_.PrepareArenas();  // before any block: what is left of an arena stays one run
  ready_.Publish(this);
}

AddStatus Heap::AddMemory(void* start, std::size_t size_bytes) {
  if (arenas_ != &own_) return AddStatus::kInvalid;
  const AddStatus status = own_.Add(start, size_bytes);
  // Tables first: what is left stays one run.
  if (status == AddStatus::kAdded && IsReady()) pool_.PrepareArenas();
  return status;
}

// ---- Allocate -----------------------------------------------------------------------------------

// The class that serves the request, or 0: a run does.
unsigned Heap::ClassFor(std::size_t size_bytes, std::size_t alignment) const noexcept {
  if (size_bytes > internal::kClassedMax) return 0;
  const unsigned size_class = alignment <= kGranule ? ClassOfSize(size_bytes)
                                                    : ClassOfAligned(size_bytes, alignment);
  return size_class <= largest_class_ ? size_class : 0;
}

void* Heap::AllocateClassed(unsigned size_class) noexcept {
  void* slot =
      first_offset_.Get() != 0 ? internal::EntryAt(EntryOffset(size_class)).Pop() : nullptr;
  if (slot == nullptr) slot = pool_.AllocateSlow(size_class);
  return slot != nullptr ? Opened(size_class, slot) : nullptr;
}

void* Heap::AllocateLarge(std::size_t size_bytes, std::size_t alignment, bool* zeroed) noexcept {
  if (size_bytes > PTRDIFF_MAX || alignment > PTRDIFF_MAX) return nullptr;
  pool_.Attend();
  void* block = large_.Allocate(size_bytes, alignment, zeroed);
  if (block != nullptr) return block;
  // Slots that lie in magazines keep slabs from being pages again.
  FlushThread();
  pool_.TrimAll();
  block = large_.Allocate(size_bytes, alignment, zeroed);
  if (block == nullptr) pool_.Recall();
  return block;
}

void* Heap::AllocateSlow(std::size_t size_bytes) noexcept {
  if (!IsReady()) return nullptr;
  if (const unsigned size_class = ClassFor(size_bytes, 1)) return AllocateClassed(size_class);
  bool zeroed;
  return AllocateLarge(size_bytes, 1, &zeroed);
}

void* Heap::Allocate(std::size_t size_bytes, std::size_t alignment) noexcept {
  if (!IsPowerOfTwo(alignment) || !IsReady()) return nullptr;
  if (const unsigned size_class = ClassFor(size_bytes, alignment)) {
    return AllocateClassed(size_class);
  }
  bool zeroed;
  return AllocateLarge(size_bytes, alignment, &zeroed);
}

void* Heap::AllocateZeroed(std::size_t size_bytes) noexcept {
  if (!IsReady()) return nullptr;
  const unsigned size_class = ClassFor(size_bytes, 1);
  bool zeroed = false;
  void* block = size_class != 0 ? AllocateClassed(size_class)
                                : AllocateLarge(size_bytes, 1, &zeroed);
  if (block != nullptr && !zeroed) std::memset(block, 0, size_bytes);
  return block;
}

// ---- Free ---------------------------------------------------------------------------------------

// The class of the slab that the block lies in; 0: in none of this list's arenas' slabs.
unsigned Heap::ClassOfBlock(const void* block) const noexcept {
  const std::uintptr_t address = internal::AddressOf(block);
  const Arena* arena = arenas_->Find(address);
  if (arena == nullptr || !arena->HasUnit(address)) return 0;
  return arena->class_of(arena->UnitOf(address)).Get();
}

// No block is a heap's that never had memory.
void Heap::RequireMemory(const void* block) const noexcept {
  if (ready_.Get() == nullptr) Fail(Failure::kForeignPointer, block);
}

void Heap::FreeSlow(void* block) noexcept {
  if (block == nullptr) return;
  RequireMemory(block);
  if (const unsigned size_class = ClassOfBlock(block)) {
    FreeSlot(size_class, block);
    return;
  }
  large_.Free(block);
  pool_.Attend();
}

void Heap::FreeSlotSlow(unsigned size_class, void* slot) noexcept {
  pool_.FreeSlow(size_class, slot);
}

// A block has the class of the size that was asked for last, or is the run that is kept for it.
void Heap::CheckSize(const void* block, std::size_t size_bytes,
                     std::size_t alignment) const noexcept {
  if (block == nullptr) return;
  const unsigned block_class = ClassOfBlock(block);
  const unsigned expected_class = ClassFor(size_bytes, alignment);
  bool is_right = expected_class == block_class;
  if (block_class == 0) {
    RequireMemory(block);
    is_right = large_.CanHave(block, size_bytes) && is_right;
  } else if (!pool_.Owns(pool_.PlaceOf(block_class, internal::AddressOf(block)), block_class)) {
    Fail(Failure::kForeignPointer, block);
  }
  if (!is_right) Fail(Failure::kWrongSize, block);
}

// ---- Resize and ask -----------------------------------------------------------------------------

std::size_t Heap::UsableSize(const void* block) const noexcept {
  if (block == nullptr) return 0;
  RequireMemory(block);
  if (const unsigned size_class = ClassOfBlock(block)) return SizeOfClass(size_class);
  return large_.SizeOf(block);
}

void* Heap::Reallocate(void* block, std::size_t new_size_bytes) noexcept {
  if (block == nullptr) return Allocate(new_size_bytes);
  RequireMemory(block);
  const unsigned old_class = ClassOfBlock(block);
  const std::size_t old_size = old_class != 0 ? SizeOfClass(old_class) : large_.SizeOf(block);
  const unsigned new_class = ClassFor(new_size_bytes, 1);
  if (new_size_bytes > PTRDIFF_MAX) return nullptr;
  if (old_class != 0) {
    // Only the class of the size: the block can be freed by the size that was asked for last.
    if (new_class == old_class) return block;
  } else if (new_class == 0 && large_.ResizeInPlace(block, new_size_bytes)) {
    return block;
  }
  void* moved = Allocate(new_size_bytes);
  // One that was to shrink would serve as it is; but then nobody could free it by its new size.
  if (moved == nullptr) return nullptr;
  const std::size_t kept = std::min(old_size, new_size_bytes);
  if (old_class != 0 || new_class != 0 || !large_.MovePages(block, moved, kept)) {
    std::memcpy(moved, block, kept);
  }
  Free(block);
  return moved;
}

HeapStatistics Heap::Statistics() noexcept {
  HeapStatistics statistics;
  if (ready_.Get() == nullptr) return statistics;
  std::size_t purged = 0;
  for (unsigned c = 1; c <= largest_class_; ++c) {
    const Class& cls = classes_[c];
    const std::size_t out = pool_.SlotsOut(c);
    const std::size_t cached = std::min<std::size_t>(pool_.CachedSlots(c), out);
    statistics.used_bytes += (out - cached) * SizeOfClass(c);
    statistics.cached_bytes += cached * SizeOfClass(c);
    statistics.slab_bytes += static_cast<std::size_t>(cls.slabs.Get()) * cls.geometry.slab_bytes;
    purged += static_cast<std::size_t>(std::max<std::int64_t>(cls.purged_bytes.Get(), 0));
  }
  statistics.block_bytes = large_.bytes();
  statistics.used_bytes += statistics.block_bytes;
  // Beside other threads the numbers need not belong together.
  const std::size_t held = statistics.slab_bytes + statistics.block_bytes;
  statistics.footprint_bytes = held - std::min(held, purged);
  statistics.total_bytes = arenas_ == &own_
                               ? own_.total_bytes() - pool_.table_bytes()
                               : held;
  statistics.total_bytes = std::max(statistics.total_bytes, statistics.used_bytes);
  statistics.available_bytes = statistics.total_bytes - statistics.used_bytes;
  return statistics;
}

void Heap::FlushThread() noexcept {
  if (ready_.Get() != nullptr) pool_.FlushOwn();
}

std::size_t Heap::SlabBytes() const noexcept {
  std::size_t bytes = 0;
  for (unsigned c = 1; c <= largest_class_; ++c) {
    bytes += static_cast<std::size_t>(classes_[c].slabs.Get()) * classes_[c].geometry.slab_bytes;
  }
  return bytes;
}

std::size_t Heap::Trim() noexcept {
  if (ready_.Get() == nullptr) return 0;
  const std::size_t before = SlabBytes();
  pool_.FlushOwn();
  pool_.TrimAll();
  const std::size_t after = SlabBytes();
  const std::size_t became_pages = before > after ? before - after : 0;
  // Over SystemMemory those pages are among the ones that go back: each counts once.
  return std::max(became_pages, arenas_->PurgeAll());
}

}  // namespace ashlar
