// planted_subject.h - a small honest allocator with at most one fault, planted on purpose.
//
// Each oracle must be shown to speak when its fault is there, and to be silent when it is not:
// without a fault this subject passes them all. A fault shows in one of kFaultEvery calls, and
// never damages the process: every block has room to spare, and bookkeeping lies elsewhere.
//
// Thread-safe (one lock), but for the faults that touch blocks of others: those are for one thread.
#ifndef ASHLAR_STRESS_SUBJECT_PLANTED_SUBJECT_H_
#define ASHLAR_STRESS_SUBJECT_PLANTED_SUBJECT_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

enum class PlantedFault {
  kNone,
  kOverlapping,     // a block begins inside another one
  kOversold,        // more bytes are said to be usable than there are: the next block has them
  kMisaligned,      // 8 bytes off
  kOveraligned,     // a requested alignment is honoured up to 16 only
  kShort,           // fewer bytes are usable than were asked for
  kChangingSize,    // the usable size is another one later
  kScribbled,       // a byte of a live block changes
  kForgetful,       // a reallocation copies half
  kDirty,           // zeroed memory is not zero
  kRefusing,        // a request is not served
  kSpoilsOnRefuse,  // a reallocation that is not served has changed the old block
  kMiscounting,     // a free is not counted
  kInconsistent,    // its own numbers do not add up
  kLeaking,         // freed memory is never given back
  kHoarding,        // freed memory is neither reused nor given back until the end
  kHoardingMutely,  // the same, and how much it holds is not told
};

class PlantedSubject final : public Subject {
 public:
  static constexpr std::uint64_t kFaultEvery = 64;

  explicit PlantedSubject(PlantedFault fault) : fault_(fault) {}
  ~PlantedSubject() override;

  std::string name() const override { return "planted"; }
  void* Allocate(std::size_t size_bytes) override;
  void* Allocate(std::size_t size_bytes, std::size_t alignment) override;
  void* AllocateZeroed(std::size_t size_bytes) override;
  void* Reallocate(void* block, std::size_t new_size_bytes) override;
  using Subject::Free;
  void Free(void* block) override;
  std::optional<std::size_t> UsableSize(const void* block) const override;
  std::optional<std::size_t> FootprintBytes() const override;
  Census Count() override;
  std::optional<std::size_t> End() override;

 private:
  struct Memory {
    char* base = nullptr;  // null: lies in the memory of another block
    std::size_t size_bytes = 0;
    std::uint64_t said = 0;  // times that the usable size was told
  };

  // True in one of kFaultEvery calls for the planted fault, never for others.
  bool Strikes(PlantedFault fault);
  bool Hoards() const;
  void* Place(std::size_t size_bytes, std::size_t alignment);
  void Remove(void* block);
  void Drop(const Memory& memory);

  const PlantedFault fault_;
  mutable std::mutex mutex_;  // around every call and all that follows
  mutable absl::flat_hash_map<const void*, Memory> blocks_;
  std::vector<Memory> kept_;
  char* last_large_ = nullptr;
  std::uint64_t calls_ = 0;
  std::uint64_t counted_blocks_ = 0;
  std::uint64_t counted_bytes_ = 0;
  std::size_t footprint_bytes_ = 0;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_SUBJECT_PLANTED_SUBJECT_H_
