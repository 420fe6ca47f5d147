#include "ashlar/fixed_region.h"

#include <cstddef>
#include <cstdint>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/configuration.h"
#include "ashlar/internal/os/threads.h"
#include "lib/slab/pool_directory.h"

namespace ashlar {
namespace {

// Stands where runs of a heap have the number of their heap.
constexpr std::uint32_t kPagesOfCallers = UINT32_MAX;
static_assert(kPagesOfCallers >= internal::kMaxPools);

}  // namespace

template <ThreadingModel Model>
BasicFixedRegion<Model>::BasicFixedRegion() {
  if constexpr (std::same_as<Model, Concurrent>) internal::RegisterForFork(arenas_);
}

template <ThreadingModel Model>
BasicFixedRegion<Model>::BasicFixedRegion(void* start, std::size_t size_bytes)
    : BasicFixedRegion() {
  Add(start, size_bytes);
}

template <ThreadingModel Model>
BasicFixedRegion<Model>::~BasicFixedRegion() {
  if constexpr (std::same_as<Model, Concurrent>) internal::UnregisterForFork(arenas_);
  arenas_.ReleaseAll();
}

template <ThreadingModel Model>
AddStatus BasicFixedRegion<Model>::Add(void* start, std::size_t size_bytes) {
  const AddStatus status = arenas_.Add(start, size_bytes);
  const internal::LockGuard<Model> guard(arenas_.lock());
  return status_ = status;
}

template <ThreadingModel Model>
AddStatus BasicFixedRegion<Model>::status() const {
  const internal::LockGuard<Model> guard(arenas_.lock());
  return status_;
}

template <ThreadingModel Model>
void* BasicFixedRegion<Model>::AllocatePages(std::size_t pages, std::size_t alignment) noexcept {
  if (!internal::IsPowerOfTwo(alignment)) return nullptr;
  const internal::LockGuard<Model> guard(arenas_.lock());
  const unsigned shift = arenas_.geometry().page_shift;
  if (pages == 0 || pages > std::size_t{PTRDIFF_MAX} >> shift) return nullptr;
  using Part = internal::Arena::Part;
  const auto run = arenas_.TakeLocked(Part::kBlocks, pages << shift, alignment);
  if (run.arena == nullptr) return nullptr;
  internal::PageRuns& runs = run.arena->runs(Part::kBlocks);
  runs.entry(runs.PageOf(run.start)).next = kPagesOfCallers;
  void* start = internal::PointerTo(run.start);
  internal::UnpoisonMemory(start, pages << shift);
  return start;
}

template <ThreadingModel Model>
void BasicFixedRegion<Model>::FreePages(void* start, std::size_t pages) noexcept {
  if (start == nullptr) return;
  const std::uintptr_t address = internal::AddressOf(start);
  Failure why_not = Failure::kForeignPointer;
  {
    const internal::LockGuard<Model> guard(arenas_.lock());
    internal::Arena* arena = arenas_.Find(address);
    internal::PageRuns* runs =
        arena != nullptr ? &arena->runs(internal::Arena::Part::kBlocks) : nullptr;
    if (runs != nullptr && runs->Contains(address)) {  // else the region's own tables
      const std::uint32_t page = runs->PageOf(address);
      const std::size_t found = runs->PagesOfBlock(page);
      const bool is_ours = found > 0 && runs->AddressOfPage(page) == address &&
                           runs->entry(page).next == kPagesOfCallers;
      if (is_ours && found == pages) {
        internal::PoisonMemory(start, found << runs->page_shift());
        runs->Give(page);
        return;
      }
      if (is_ours) {
        why_not = Failure::kWrongSize;
      } else if (runs->StateAround(page) == internal::PageRuns::State::kFree) {
        why_not = Failure::kDoubleFree;
      }
    }
  }
  Fail(why_not, start);  // who is told of it may allocate: not under the lock
}

template <ThreadingModel Model>
std::size_t BasicFixedRegion<Model>::page_bytes() {
  const internal::LockGuard<Model> guard(arenas_.lock());
  return arenas_.geometry().page_bytes();
}

template <ThreadingModel Model>
bool BasicFixedRegion<Model>::IsIdle() {
  return arenas_.used_bytes() == 0;
}

template <ThreadingModel Model>
void BasicFixedRegion<Model>::WaitUntilIdle() {
  while (!IsIdle()) internal::os::YieldProcessor();
}

template class BasicFixedRegion<Concurrent>;
template class BasicFixedRegion<SingleThreaded>;

}  // namespace ashlar
