#include "ashlar/internal/os/pages.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ashlar/internal/base/bits.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

namespace ashlar::internal::os {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Restores errno: an allocator's caller does not expect it to change.
class ErrnoKeeper {
 public:
  ErrnoKeeper() : saved_(errno) {}
  ~ErrnoKeeper() { errno = saved_; }
  ErrnoKeeper(const ErrnoKeeper&) = delete;
  ErrnoKeeper& operator=(const ErrnoKeeper&) = delete;

 private:
  int saved_;
};

void* MapAnonymous(std::size_t size_bytes, int protection) {
  void* start = mmap(nullptr, size_bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
  return start == MAP_FAILED ? nullptr : start;
}

}  // namespace

std::size_t PageSize() noexcept {
  return static_cast<std::size_t>(getpagesize());
}

void* Reserve(std::size_t size_bytes, std::size_t alignment) noexcept {
  const ErrnoKeeper keeper;
  std::size_t total;
  if (__builtin_add_overflow(size_bytes, alignment, &total)) return nullptr;
  void* start = MapAnonymous(total, PROT_NONE);
  if (start == nullptr) return nullptr;
  const std::uintptr_t first = AddressOf(start);
  const std::uintptr_t aligned = RoundUp(first, alignment);
  if (aligned > first) munmap(start, aligned - first);
  const std::size_t behind = first + total - (aligned + size_bytes);
  if (behind > 0) munmap(PointerTo(aligned + size_bytes), behind);
  return PointerTo(aligned);
}

std::size_t AddressSpaceLimit() noexcept {
  const ErrnoKeeper keeper;
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return limit.rlim_cur;
}

bool Commit(void* start, std::size_t size_bytes) noexcept {
  const ErrnoKeeper keeper;
  return mprotect(start, size_bytes, PROT_READ | PROT_WRITE) == 0;
}

bool Purge(void* start, std::size_t size_bytes) noexcept {
  const ErrnoKeeper keeper;
  return madvise(start, size_bytes, MADV_DONTNEED) == 0;
}

void Unreserve(void* start, std::size_t size_bytes) noexcept { Unmap(start, size_bytes); }

void* Map(std::size_t size_bytes) noexcept {
  const ErrnoKeeper keeper;
  return MapAnonymous(size_bytes, PROT_READ | PROT_WRITE);
}

void Unmap(void* start, std::size_t size_bytes) noexcept {
  const ErrnoKeeper keeper;
  munmap(start, size_bytes);
}

void AdviseHugePages(void* start, std::size_t size_bytes) noexcept {
  const ErrnoKeeper keeper;
  const std::uintptr_t first = RoundUp(AddressOf(start), kHugePage);
  const std::uintptr_t end = RoundDown(AddressOf(start) + size_bytes, kHugePage);
  if (first < end) madvise(PointerTo(first), end - first, MADV_HUGEPAGE);
}

void AdviseSmallPages(void* start, std::size_t size_bytes) noexcept {
  const ErrnoKeeper keeper;
  madvise(start, size_bytes, MADV_NOHUGEPAGE);
}

bool MovePages(void* from, void* to, std::size_t size_bytes) noexcept {
  const ErrnoKeeper keeper;
  // Straight to `to`, a system before Linux 6.17 would empty it first and refuse then if `from` is
  // more than one mapping. To anywhere else it refuses first; and what has moved is one mapping.
  // DONTUNMAP leaves no hole at `from` for another thread's mapping to fall into.
  // The last argument is looked at with DONTUNMAP, too.
  void* between =
      mremap(from, size_bytes, size_bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, nullptr);
  if (between == MAP_FAILED) return false;
  if (mremap(between, size_bytes, size_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to) return true;
  // The system is out of memory for mappings. `to` may be one no more; the bytes go home.
  static_cast<void>(mmap(to, size_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0));
  std::memcpy(from, between, size_bytes);
  munmap(between, size_bytes);
  return false;
}

}  // namespace ashlar::internal::os
