#include "stress/subject/malloc_subject.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ashlar::stress {
namespace {

// A library that was loaded by its path.
class Library {
 public:
  explicit Library(void* handle) : handle_(handle) { dlinfo(handle, RTLD_DI_LINKMAP, &map_); }

  // Whether the library itself defines `symbol`: dlsym also looks into what it depends on, where
  // the C library has a malloc family of its own.
  template <typename Function>
  bool Find(const char* symbol, Function*& function) const {
    void* const address = dlsym(handle_, symbol);
    Dl_info info{};
    void* home = nullptr;
    if (address == nullptr || dladdr1(address, &info, &home, RTLD_DL_LINKMAP) == 0) return false;
    if (home != map_) return false;
    function = reinterpret_cast<Function*>(address);
    return true;
  }

 private:
  void* handle_;
  void* map_ = nullptr;
};

// ThreadSanitizer says that a block of 0 bytes has one, and leaves that one marked as freed.
std::size_t Asked(std::size_t size_bytes) {
#ifdef ABSL_HAVE_THREAD_SANITIZER
  return std::max(size_bytes, std::size_t{1});
#else
  return size_bytes;
#endif
}

}  // namespace

MallocSubject::MallocSubject(std::string name, const MallocFunctions& functions)
    : name_(std::move(name)), functions_(functions) {}

void* MallocSubject::Allocate(std::size_t size_bytes) {
  return functions_.malloc(Asked(size_bytes));
}

void* MallocSubject::Allocate(std::size_t size_bytes, std::size_t alignment) {
  void* block = nullptr;
  // posix_memalign takes no alignment below that of a pointer.
  const int error =
      functions_.posix_memalign(&block, std::max(alignment, sizeof(void*)), Asked(size_bytes));
  return error == 0 ? block : nullptr;
}

void* MallocSubject::AllocateZeroed(std::size_t size_bytes) {
  return functions_.calloc(1, Asked(size_bytes));
}

void* MallocSubject::Reallocate(void* block, std::size_t new_size_bytes) {
  // realloc to 0 may free the block or not, by the C standard; a block of one byte serves as well.
  return functions_.realloc(block, std::max(new_size_bytes, std::size_t{1}));
}

void MallocSubject::Free(void* block) { functions_.free(block); }

std::optional<std::size_t> MallocSubject::UsableSize(const void* block) const {
  if (functions_.malloc_usable_size == nullptr) return std::nullopt;
  return functions_.malloc_usable_size(const_cast<void*>(block));
}

std::unique_ptr<Subject> MakeSystemSubject() {
  MallocFunctions functions{.malloc = std::malloc,
                            .calloc = std::calloc,
                            .realloc = std::realloc,
                            .free = std::free,
                            .posix_memalign = posix_memalign,
                            .malloc_usable_size = malloc_usable_size};
#if defined(ABSL_HAVE_THREAD_SANITIZER)
  // The race detector's malloc says that a block of no bytes has one, and reports who uses it.
  functions.malloc_usable_size = nullptr;
#endif
  return std::make_unique<MallocSubject>("system", functions);
}

absl::StatusOr<std::unique_ptr<Subject>> LoadMallocLibrary(const std::string& path) {
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("cannot load the allocator: ", dlerror()));
  }
  const Library library(handle);
  MallocFunctions found{};
  if (!library.Find("malloc", found.malloc) || !library.Find("calloc", found.calloc) ||
      !library.Find("realloc", found.realloc) || !library.Find("free", found.free) ||
      !library.Find("posix_memalign", found.posix_memalign)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is no allocator: it lacks one of malloc, calloc, realloc, free, posix_memalign"));
  }
  library.Find("malloc_usable_size", found.malloc_usable_size);
  return std::make_unique<MallocSubject>(path, found);
}

}  // namespace ashlar::stress
