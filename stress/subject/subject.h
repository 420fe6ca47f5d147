// subject.h - the allocator under test, whatever it is.
//
// All the harness knows of an allocator: the calls below. Adapters make one of ashlar's Heap, of a
// SlabCache, of the C library's malloc, of any malloc library by its path, and of deliberately
// faulty ones. What a subject cannot tell it leaves at the default answer, and the oracle that
// would have asked stays silent.
//
// Threads: every call but Count() and End() from any thread at any time. Count() and End() only
// while no other call runs and every other thread that used the subject has ended.
#ifndef ASHLAR_STRESS_SUBJECT_SUBJECT_H_
#define ASHLAR_STRESS_SUBJECT_SUBJECT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ashlar::stress {

// What a quiescent allocator says of itself.
struct Census {
  std::optional<std::uint64_t> live_blocks = {};
  std::optional<std::uint64_t> live_bytes = {};  // usable bytes of the live blocks
  std::string contradiction = {};                // own numbers that do not add up; empty if they do
};

class Subject {
 public:
  virtual ~Subject() = default;

  [[nodiscard]] virtual std::string name() const = 0;

  // Null: not served, and nothing has changed.
  [[nodiscard]] virtual void* Allocate(std::size_t size_bytes) = 0;
  [[nodiscard]] virtual void* Allocate(std::size_t size_bytes, std::size_t alignment) = 0;
  [[nodiscard]] virtual void* AllocateZeroed(std::size_t size_bytes) = 0;
  [[nodiscard]] virtual void* Reallocate(void* block, std::size_t new_size_bytes) = 0;

  virtual void Free(void* block) = 0;
  // The caller remembers what it asked for.
  virtual void Free(void* block, std::size_t /*size_bytes*/, std::size_t /*alignment*/) {
    Free(block);
  }

  [[nodiscard]] virtual std::optional<std::size_t> UsableSize(const void* /*block*/) const {
    return std::nullopt;
  }
  // Memory held from the operating system, in use or not.
  [[nodiscard]] virtual std::optional<std::size_t> FootprintBytes() const { return std::nullopt; }

  // The last call of a thread that used the subject.
  virtual void ThreadExit() {}

  [[nodiscard]] virtual Census Count() { return {}; }
  // Every block has come home: ends the allocator. The bytes that it did not give back.
  [[nodiscard]] virtual std::optional<std::size_t> End() { return std::nullopt; }
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_SUBJECT_SUBJECT_H_
