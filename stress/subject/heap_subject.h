// heap_subject.h - a Heap as a subject, over each kind of memory that it can stand on.
#ifndef ASHLAR_STRESS_SUBJECT_HEAP_SUBJECT_H_
#define ASHLAR_STRESS_SUBJECT_HEAP_SUBJECT_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "ashlar/heap.h"
#include "ashlar/memory_source.h"
#include "stress/subject/counting_source.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

class HeapSubject final : public Subject {
 public:
  // Over the process's shared range.
  [[nodiscard]] static std::unique_ptr<Subject> OverSystem(const HeapOptions& options = {});
  // Over a source of its own, which knows what is out.
  [[nodiscard]] static std::unique_ptr<Subject> OverSource(const HeapOptions& options = {});
  // Over a region of so many bytes: it runs out.
  [[nodiscard]] static std::unique_ptr<Subject> OverRegion(std::size_t size_bytes,
                                                           const HeapOptions& options = {});

  std::string name() const override { return "ashlar"; }
  void* Allocate(std::size_t size_bytes) override { return heap_->Allocate(size_bytes); }
  void* Allocate(std::size_t size_bytes, std::size_t alignment) override {
    return heap_->Allocate(size_bytes, alignment);
  }
  void* AllocateZeroed(std::size_t size_bytes) override {
    return heap_->AllocateZeroed(size_bytes);
  }
  void* Reallocate(void* block, std::size_t new_size_bytes) override {
    return heap_->Reallocate(block, new_size_bytes);
  }
  void Free(void* block) override { heap_->Free(block); }
  void Free(void* block, std::size_t size_bytes, std::size_t alignment) override;

  std::optional<std::size_t> UsableSize(const void* block) const override {
    return heap_->UsableSize(block);
  }
  // Over a source all that it has given, the heap's own tables and what lies unused included.
  std::optional<std::size_t> FootprintBytes() const override {
    return is_over_source_ ? source_.OutstandingBytes() : heap_->Statistics().footprint_bytes;
  }
  Census Count() override;
  std::optional<std::size_t> End() override;

 private:
  HeapSubject() = default;

  SystemMemory system_;
  CountingSource source_;
  bool is_over_source_ = false;
  std::unique_ptr<std::byte[]> region_;
  std::unique_ptr<Heap> heap_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_SUBJECT_HEAP_SUBJECT_H_
