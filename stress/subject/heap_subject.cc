#include "stress/subject/heap_subject.h"

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

std::unique_ptr<Subject> HeapSubject::OverSystem(const HeapOptions& options) {
  std::unique_ptr<HeapSubject> subject(new HeapSubject);
  subject->heap_ = std::make_unique<Heap>(subject->system_, options);
  return subject;
}

std::unique_ptr<Subject> HeapSubject::OverSource(const HeapOptions& options) {
  std::unique_ptr<HeapSubject> subject(new HeapSubject);
  subject->heap_ = std::make_unique<Heap>(subject->source_, options);
  subject->is_over_source_ = true;
  return subject;
}

std::unique_ptr<Subject> HeapSubject::OverRegion(std::size_t size_bytes,
                                                 const HeapOptions& options) {
  std::unique_ptr<HeapSubject> subject(new HeapSubject);
  subject->region_ = std::make_unique<std::byte[]>(size_bytes);
  subject->heap_ = std::make_unique<Heap>(options);
  if (subject->heap_->AddMemory(subject->region_.get(), size_bytes) != AddStatus::kAdded) {
    return nullptr;
  }
  return subject;
}

void HeapSubject::Free(void* block, std::size_t size_bytes, std::size_t alignment) {
  if (alignment == 0) {
    heap_->Free(block, size_bytes);
  } else {
    heap_->Free(block, size_bytes, alignment);
  }
}

Census HeapSubject::Count() {
  const HeapStatistics now = heap_->Statistics();
  Census census{.live_bytes = now.used_bytes};
  if (now.used_bytes + now.available_bytes != now.total_bytes) {
    census.contradiction = absl::StrCat(now.used_bytes, " used and ", now.available_bytes,
                                        " available bytes are not the total of ", now.total_bytes);
  }
  return census;
}

std::optional<std::size_t> HeapSubject::End() {
  heap_->Trim();
  const HeapStatistics left = heap_->Statistics();
  heap_.reset();
  return left.slab_bytes + left.block_bytes + source_.OutstandingBytes();
}

}  // namespace ashlar::stress
