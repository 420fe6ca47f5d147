// memory_hooks.cc - malloc, new and their families, and the system's pages: the body's come from the
// explorer's heap, everybody else's from where they always did.
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "stress/explorer/active.h"
#include "stress/explorer/heap.h"
#include "stress/explorer/image.h"
#include "stress/explorer/memory_access.h"
#include "stress/explorer/real.h"

using namespace ashlar::explorer;  // NOLINT: everything here stands outside by its nature

extern "C" {
void* __libc_malloc(std::size_t);
void __libc_free(void*);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

#define RETURN_ADDRESS reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))

// What the C library allocates for itself outlives an execution.
bool IsBodys(std::uintptr_t pc) { return g_active && !IsInLibc(pc); }

void* Allocate(std::size_t size, std::size_t alignment, std::uintptr_t pc) {
  if (!IsBodys(pc)) return alignment > 16 ? __libc_memalign(alignment, size) : __libc_malloc(size);
  void* block = AllocateBlock(size, alignment, OffsetOf(pc));
  if (block == nullptr) errno = ENOMEM;
  return block;
}

void* New(std::size_t size, std::size_t alignment, std::uintptr_t pc) {
  void* block = Allocate(size, alignment, pc);
  if (block == nullptr) DieAt(OffsetOf(pc), 0, "operator new: %zu bytes are more than the heap has", size);
  return block;
}

void Release(void* block, std::uintptr_t pc) {
  if (block == nullptr) return;
  if (!IsInArena(block)) return __libc_free(block);
  if (g_active) FreeBlock(block, OffsetOf(pc));
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return Allocate(size, 16, RETURN_ADDRESS); }
void free(void* block) { Release(block, RETURN_ADDRESS); }
void* calloc(std::size_t count, std::size_t size) {
  if (!IsBodys(RETURN_ADDRESS)) return __libc_calloc(count, size);
  std::size_t total;
  if (__builtin_mul_overflow(count, size, &total)) return nullptr;
  void* block = Allocate(total, 16, RETURN_ADDRESS);
  return block != nullptr ? memset(block, 0, total) : nullptr;
}
void* realloc(void* block, std::size_t size) {
  if (block != nullptr ? !IsInArena(block) : !IsBodys(RETURN_ADDRESS)) {
    return __libc_realloc(block, size);
  }
  void* moved = Allocate(size, 16, RETURN_ADDRESS);
  if (block == nullptr || moved == nullptr) return moved;
  const std::size_t old = SizeOfBlock(block);
  memcpy(moved, block, old < size ? old : size);
  Release(block, RETURN_ADDRESS);
  return moved;
}
void* memalign(std::size_t alignment, std::size_t size) {
  return Allocate(size, alignment, RETURN_ADDRESS);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return Allocate(size, alignment, RETURN_ADDRESS);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = Allocate(size, alignment, RETURN_ADDRESS);
  return *block != nullptr ? 0 : ENOMEM;
}
std::size_t malloc_usable_size(void* block) {
  return IsInArena(block) ? SizeOfBlock(block) : ASHLAR_REAL(malloc_usable_size)(block);
}

void* mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) noexcept {
  const bool is_bodys = IsBodys(RETURN_ADDRESS) && at == nullptr && (flags & MAP_ANONYMOUS) != 0;
  if (!is_bodys) {
    const long result = RealSyscall(SYS_mmap, at, size, protection, flags, file, offset);
    if (result >= 0 || result < -4095) return reinterpret_cast<void*>(result);
    errno = static_cast<int>(-result);
    return MAP_FAILED;
  }
  void* pages = MapPages(size);
  if (pages != nullptr) return pages;
  errno = ENOMEM;
  return MAP_FAILED;
}

namespace {

int Answer(long result) {
  if (result >= 0) return 0;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace

int munmap(void* start, std::size_t size) noexcept {
  if (!IsInArena(start)) return Answer(RealSyscall(SYS_munmap, start, size, 0, 0, 0, 0));
  if (g_active) UnmapPages(start, size, OffsetOf(RETURN_ADDRESS));
  return 0;
}
int mprotect(void* start, std::size_t size, int protection) noexcept {
  if (IsInArena(start)) return 0;
  return Answer(RealSyscall(SYS_mprotect, start, size, protection, 0, 0, 0));
}
int madvise(void* start, std::size_t size, int advice) noexcept {
  if (!IsInArena(start)) return Answer(RealSyscall(SYS_madvise, start, size, advice, 0, 0, 0));
  if (advice != MADV_DONTNEED || !g_active) return 0;
  // The bytes are lost: a write of zeros.
  PlainRange(reinterpret_cast<std::uintptr_t>(start), size, true, OffsetOf(RETURN_ADDRESS));
  memset(start, 0, size);
  return 0;
}
void* mremap(void* start, std::size_t size, std::size_t new_size, int flags, ...) noexcept {
  if (IsInArena(start)) {
    errno = ENOSYS;
    return MAP_FAILED;
  }
  void* at = nullptr;
  if ((flags & MREMAP_FIXED) != 0) {
    __builtin_va_list arguments;
    __builtin_va_start(arguments, flags);
    at = __builtin_va_arg(arguments, void*);
    __builtin_va_end(arguments);
  }
  const long result = RealSyscall(SYS_mremap, start, size, new_size, flags, at, 0);
  if (result >= 0 || result < -4095) return reinterpret_cast<void*>(result);
  errno = static_cast<int>(-result);
  return MAP_FAILED;
}
}

#define NEW_AND_DELETE(brackets)                                                                   \
  void* operator new brackets(std::size_t n) { return New(n, 16, RETURN_ADDRESS); }                \
  void* operator new brackets(std::size_t n, const std::nothrow_t&) noexcept {                     \
    return Allocate(n, 16, RETURN_ADDRESS);                                                        \
  }                                                                                                \
  void* operator new brackets(std::size_t n, std::align_val_t a) {                                 \
    return New(n, static_cast<std::size_t>(a), RETURN_ADDRESS);                                    \
  }                                                                                                \
  void* operator new brackets(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { \
    return Allocate(n, static_cast<std::size_t>(a), RETURN_ADDRESS);                               \
  }                                                                                                \
  void operator delete brackets(void* p) noexcept { Release(p, RETURN_ADDRESS); }                  \
  void operator delete brackets(void* p, std::size_t) noexcept { Release(p, RETURN_ADDRESS); }     \
  void operator delete brackets(void* p, std::align_val_t) noexcept { Release(p, RETURN_ADDRESS); } \
  void operator delete brackets(void* p, std::size_t, std::align_val_t) noexcept {                 \
    Release(p, RETURN_ADDRESS);                                                                    \
  }                                                                                                \
  void operator delete brackets(void* p, const std::nothrow_t&) noexcept {                         \
    Release(p, RETURN_ADDRESS);                                                                    \
  }
#define NOTHING
NEW_AND_DELETE(NOTHING)
NEW_AND_DELETE([])
