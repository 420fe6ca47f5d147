#include "stress/replay/tape_subject.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace ashlar::stress {

void Tape::Add(std::string call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_.push_back({std::move(call), std::this_thread::get_id()});
}

std::vector<Tape::Entry> Tape::Entries() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entries_;
}

std::vector<std::string> Tape::Calls() const {
  std::vector<std::string> calls;
  for (const Entry& entry : Entries()) calls.push_back(entry.call);
  return calls;
}

void* TapeSubject::Allocate(std::size_t size_bytes) {
  tape_.Add(absl::StrCat("allocate ", size_bytes));
  return behind_.Allocate(size_bytes);
}

void* TapeSubject::Allocate(std::size_t size_bytes, std::size_t alignment) {
  tape_.Add(absl::StrCat("allocate ", size_bytes, " aligned ", alignment));
  return behind_.Allocate(size_bytes, alignment);
}

void* TapeSubject::AllocateZeroed(std::size_t size_bytes) {
  tape_.Add(absl::StrCat("allocate zeroed ", size_bytes));
  return behind_.AllocateZeroed(size_bytes);
}

void* TapeSubject::Reallocate(void* block, std::size_t new_size_bytes) {
  tape_.Add(absl::StrCat("reallocate ", *behind_.UsableSize(block), " to ", new_size_bytes));
  return behind_.Reallocate(block, new_size_bytes);
}

void TapeSubject::Free(void* block) {
  tape_.Add(block == nullptr ? "free nothing" : absl::StrCat("free ", *behind_.UsableSize(block)));
  behind_.Free(block);
}

void TapeSubject::ThreadExit() { tape_.Add("thread exit"); }

}  // namespace ashlar::stress
