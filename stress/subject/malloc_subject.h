// malloc_subject.h - a malloc library as a subject: this process's own, or one loaded by path.
//
// A loaded library serves the harness's blocks only; the process keeps its own malloc.
#ifndef ASHLAR_STRESS_SUBJECT_MALLOC_SUBJECT_H_
#define ASHLAR_STRESS_SUBJECT_MALLOC_SUBJECT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

// The entry points; those that may be null say so.
struct MallocFunctions {
  void* (*malloc)(std::size_t);
  void* (*calloc)(std::size_t, std::size_t);
  void* (*realloc)(void*, std::size_t);
  void (*free)(void*);
  int (*posix_memalign)(void**, std::size_t, std::size_t);
  std::size_t (*malloc_usable_size)(void*);  // may be null
};

class MallocSubject final : public Subject {
 public:
  MallocSubject(std::string name, const MallocFunctions& functions);

  std::string name() const override { return name_; }
  void* Allocate(std::size_t size_bytes) override;
  void* Allocate(std::size_t size_bytes, std::size_t alignment) override;
  void* AllocateZeroed(std::size_t size_bytes) override;
  void* Reallocate(void* block, std::size_t new_size_bytes) override;
  using Subject::Free;
  void Free(void* block) override;
  std::optional<std::size_t> UsableSize(const void* block) const override;

 private:
  std::string name_;
  MallocFunctions functions_;
};

[[nodiscard]] std::unique_ptr<Subject> MakeSystemSubject();

// The library is never unloaded: threads may still hold what it keeps per thread.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Subject>> LoadMallocLibrary(const std::string& path);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_SUBJECT_MALLOC_SUBJECT_H_
