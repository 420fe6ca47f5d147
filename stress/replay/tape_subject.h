// tape_subject.h - writes down which calls reach the allocator behind it, and from which thread.
#ifndef ASHLAR_STRESS_REPLAY_TAPE_SUBJECT_H_
#define ASHLAR_STRESS_REPLAY_TAPE_SUBJECT_H_

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "stress/subject/planted_subject.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

// What was called, in the order in which the calls began. Outlives its subject.
class Tape {
 public:
  struct Entry {
    std::string call;
    std::thread::id thread;
  };

  void Add(std::string call);
  [[nodiscard]] std::vector<Entry> Entries() const;
  [[nodiscard]] std::vector<std::string> Calls() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // under mutex_
};

class TapeSubject final : public Subject {
 public:
  explicit TapeSubject(Tape& tape) : tape_(tape) {}

  std::string name() const override { return "tape"; }
  void* Allocate(std::size_t size_bytes) override;
  void* Allocate(std::size_t size_bytes, std::size_t alignment) override;
  void* AllocateZeroed(std::size_t size_bytes) override;
  void* Reallocate(void* block, std::size_t new_size_bytes) override;
  using Subject::Free;
  void Free(void* block) override;
  void ThreadExit() override;
  Census Count() override { return behind_.Count(); }
  std::optional<std::size_t> End() override { return behind_.End(); }

 private:
  Tape& tape_;
  PlantedSubject behind_{PlantedFault::kNone};
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_REPLAY_TAPE_SUBJECT_H_
