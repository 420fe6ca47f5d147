#include "ashlar/internal/heap/large_blocks.h"

#include <algorithm>

#include "ashlar/failure.h"
#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/base/configuration.h"

namespace ashlar::internal {
namespace {

// Moving pages costs system calls and splits mappings: below this copying is cheaper.
constexpr std::size_t kMoveFrom = std::size_t{512} << 10;

// A block keeps its pages while three quarters of them are used: less is not worth the split.
constexpr bool IsKept(std::size_t old_pages, std::size_t pages) {
  return pages <= old_pages && pages * 4 >= old_pages * 3;
}

bool IsFree(const PageRuns::Entry& run) {
  return static_cast<PageRuns::State>(run.state) == PageRuns::State::kFree;
}

std::size_t PagesFor(const PageRuns& runs, std::size_t size_bytes) {
  return std::max<std::size_t>(runs.PagesFor(size_bytes), 1);
}

}  // namespace

void LargeBlocks::Initialize(ArenaList<Concurrent>* arenas, std::uint32_t owner) {
  arenas_ = arenas;
  owner_ = owner;
}

void* LargeBlocks::Allocate(std::size_t size_bytes, std::size_t alignment, bool* zeroed) noexcept {
  const std::size_t wanted = std::max<std::size_t>(size_bytes, 1);
  void* block = nullptr;
  arenas_->Serve(wanted, alignment, [&] {
    const auto run = arenas_->TakeLocked(Arena::Part::kBlocks, wanted, alignment);
    if (run.arena == nullptr) return false;
    PageRuns& runs = run.arena->runs(Arena::Part::kBlocks);
    const std::uint32_t page = runs.PageOf(run.start);
    runs.entry(page).next = owner_;
    const std::size_t size = std::size_t{runs.entry(page).pages} << runs.page_shift();
    bytes_.Add(static_cast<std::int64_t>(size));
    *zeroed = run.zeroed;
    block = PointerTo(run.start);
    UnpoisonMemory(block, size);
    return true;
  });
  return block;
}

LargeBlocks::Found LargeBlocks::FindLocked(const void* block) const noexcept {
  const std::uintptr_t address = AddressOf(block);
  Arena* arena = arenas_->Find(address);
  Found found;
  if (arena == nullptr) return found;
  PageRuns& runs = arena->runs(Arena::Part::kBlocks);
  if (runs.Contains(address)) {
    const std::uint32_t page = runs.PageOf(address);
    const std::size_t pages = runs.PagesOfBlock(page);
    if (pages > 0 && runs.AddressOfPage(page) == address && runs.entry(page).next == owner_) {
      found.runs = &runs;
      found.page = page;
      found.size_bytes = pages << runs.page_shift();
      return found;
    }
  }
  arena->ForEachRuns([&](const PageRuns& part) {
    if (part.Contains(address) &&
        part.StateAround(part.PageOf(address)) == PageRuns::State::kFree) {
      // Memory of a block or of a slab that was: freed before.
      found.why_not = Failure::kDoubleFree;
    }
  });
  return found;
}

// f(found), under the lock. Who is told of the end of the process may allocate: not under the lock.
template <typename F>
auto LargeBlocks::WithBlock(const void* block, F f) const noexcept {
  Failure why_not;
  {
    const LockGuard<Concurrent> guard(arenas_->lock());
    const Found found = FindLocked(block);
    if (found.runs != nullptr) return f(found);
    why_not = found.why_not;
  }
  Fail(why_not, block);
}

void LargeBlocks::Free(void* block) noexcept {
  WithBlock(block, [&](const Found& found) {
    bytes_.Subtract(static_cast<std::int64_t>(found.size_bytes));
    PoisonMemory(block, found.size_bytes);
    found.runs->Give(found.page);
  });
}

std::size_t LargeBlocks::SizeOf(const void* block) const noexcept {
  return WithBlock(block, [](const Found& found) { return found.size_bytes; });
}

bool LargeBlocks::CanHave(const void* block, std::size_t size_bytes) const noexcept {
  return WithBlock(block, [&](const Found& found) {
    return IsKept(found.size_bytes >> found.runs->page_shift(), PagesFor(*found.runs, size_bytes));
  });
}

bool LargeBlocks::ResizeInPlace(void* block, std::size_t size_bytes) noexcept {
  return WithBlock(block, [&](const Found& found) {
    return ResizeLocked(found, block, size_bytes);
  });
}

bool LargeBlocks::ResizeLocked(const Found& found, void* block, std::size_t size_bytes) noexcept {
  PageRuns& runs = *found.runs;
  const std::size_t old_pages = found.size_bytes >> runs.page_shift();
  const std::size_t pages = PagesFor(runs, size_bytes);
  if (IsKept(old_pages, pages)) return true;
  if (pages > old_pages) {
    if (pages > UINT32_MAX / 2 || !runs.Grow(found.page, pages)) return false;
    UnpoisonMemory(block, pages << runs.page_shift());
  } else {
    PoisonMemory(PointerTo(AddressOf(block) + (pages << runs.page_shift())),
                 (old_pages - pages) << runs.page_shift());
    runs.Shrink(found.page, pages);
  }
  bytes_.Add((static_cast<std::int64_t>(pages) - static_cast<std::int64_t>(old_pages))
             * (std::int64_t{1} << runs.page_shift()));
  return true;
}

bool LargeBlocks::MovePages(void* from, void* to, std::size_t bytes) noexcept {
  const Arena* arena = arenas_->Find(AddressOf(from));
  if (bytes < kMoveFrom || arena->backing().move == nullptr ||
      arenas_->Find(AddressOf(to)) != arena) {
    return false;
  }
  return arena->backing().move(from, to, RoundUp(bytes, arena->backing().page_bytes));
}

void LargeBlocks::FreeAll() noexcept {
  if (arenas_ == nullptr) return;
  const LockGuard<Concurrent> guard(arenas_->lock());
  for (Arena* arena = arenas_->first(); arena != nullptr; arena = arena->next) {
    PageRuns& runs = arena->runs(Arena::Part::kBlocks);
    // Runs tile the range: each tells where the next begins. What is freed merges with the free
    // runs beside it, so the one that follows is passed over before its entry changes.
    for (std::uint32_t page = runs.first_page(); page < runs.top_page();) {
      const std::uint32_t block = page;
      page += runs.entry(page).pages;
      if (runs.PagesOfBlock(block) == 0 || runs.entry(block).next != owner_) continue;
      if (page < runs.top_page() && IsFree(runs.entry(page))) page += runs.entry(page).pages;
      runs.Give(block);
    }
  }
  bytes_.Set(0);
}

}  // namespace ashlar::internal
