// any_allocator.h - an allocator of one's own as a Subject, made of the members that it has.
//
// Wanted are a plain or an aligned Allocate, and one Free. Alignments are powers of two from 8 on.
// Null, or std::bad_alloc thrown, says that a request was not served.
//
//   void* Allocate(size)                       without it: the aligned one, at 16
//   void* Allocate(size, alignment)            oracle of alignment beyond 16
//   void Free(block)                           never null
//   void Free(block, size)                     as asked for last; in one of two frees if there is
//   void Free(block, size, alignment)          a plain one too. 16 where no alignment was asked for
//   void* AllocateZeroed(size)                 oracle of zero. Without it: Allocate and memset
//   void* Reallocate(block, size)              never to 0; keeps the bytes, forgets the alignment
//   size UsableSize(block)                     oracle of usable size; overlap looks at all of it
//   void ThreadExit()                          the last call of a thread
//   size FootprintBytes()                      oracle of footprint, of resident memory too
//   size LiveBlocks()                          oracle of counts; asked when no thread is at work
//   size End()                                 oracle of homecoming: bytes that are not given back
//
// The oracles of overlap, pattern and service need none of the optional ones. A member of another
// shape is not found; a user who wants to be sure says so: static_assert(Reallocates<MyAllocator>).
//
// Notes::kKept puts a note of 16 bytes in front of each block, which knows its size and where it
// begins. So an allocator can be driven through calls that it has no member for; all its blocks are
// larger by 16 bytes, and aligned ones by their alignment. A note is plain memory beside the block:
// no lock and no atomic orders a free before the next allocation but the allocator's own, so the
// race detector sees each edge that it lacks.
#ifndef ASHLAR_STRESS_BRING_YOUR_OWN_ANY_ALLOCATOR_H_
#define ASHLAR_STRESS_BRING_YOUR_OWN_ANY_ALLOCATOR_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "stress/subject/subject.h"

namespace ashlar::stress {

template <typename T>
concept AllocatesPlain = requires(T& allocator, std::size_t size_bytes) {
  { allocator.Allocate(size_bytes) } -> std::same_as<void*>;
};
template <typename T>
concept AllocatesAligned = requires(T& allocator, std::size_t size_bytes, std::size_t alignment) {
  { allocator.Allocate(size_bytes, alignment) } -> std::same_as<void*>;
};
template <typename T>
concept FreesByAddress = requires(T& allocator, void* block) {
  allocator.Free(block);
};
template <typename T>
concept FreesBySize = requires(T& allocator, void* block, std::size_t size) {
  allocator.Free(block, size);
};
template <typename T>
concept FreesBySizeAndAlignment = requires(T& allocator, void* block, std::size_t size) {
  allocator.Free(block, size, size);
};
template <typename T>
concept AllocatesZeroed = requires(T& allocator, std::size_t size_bytes) {
  { allocator.AllocateZeroed(size_bytes) } -> std::same_as<void*>;
};
template <typename T>
concept Reallocates = requires(T& allocator, void* block, std::size_t new_size_bytes) {
  { allocator.Reallocate(block, new_size_bytes) } -> std::same_as<void*>;
};
template <typename T>
concept TellsUsableSize = requires(T& allocator, void* block) {
  { allocator.UsableSize(block) } -> std::convertible_to<std::size_t>;
};
template <typename T>
concept HearsThreadExit = requires(T& allocator) {
  allocator.ThreadExit();
};
template <typename T>
concept TellsFootprint = requires(T& allocator) {
  { allocator.FootprintBytes() } -> std::convertible_to<std::size_t>;
};
template <typename T>
concept TellsLiveBlocks = requires(T& allocator) {
  { allocator.LiveBlocks() } -> std::convertible_to<std::size_t>;
};
template <typename T>
concept TellsWhatIsLeft = requires(T& allocator) {
  { allocator.End() } -> std::convertible_to<std::size_t>;
};

template <typename T>
concept AnyAllocator = (AllocatesPlain<T> || AllocatesAligned<T>)&&(FreesByAddress<T> ||
                                                                    FreesBySize<T> ||
                                                                    FreesBySizeAndAlignment<T>);

enum class Notes {
  kNone,  // wants Free(block); refuses what T has no member for
  kKept,
};

// Thread-safe as T is.
template <AnyAllocator T, Notes kNotes>
class AnySubject final : public Subject {
 public:
  static_assert(kNotes == Notes::kKept || FreesByAddress<T>);

  template <typename... Args>
  explicit AnySubject(Args&&... args) : allocator_(std::forward<Args>(args)...) {}

  std::string name() const override { return "your own"; }

  void* Allocate(std::size_t size_bytes) override { return Place(size_bytes, 0); }
  void* Allocate(std::size_t size_bytes, std::size_t alignment) override {
    return Place(size_bytes, alignment);
  }
  void* AllocateZeroed(std::size_t size_bytes) override {
    if constexpr (AllocatesZeroed<T>) {
      return Furnish(Served([&] { return allocator_.AllocateZeroed(size_bytes + kNoteBytes); }),
                     size_bytes);
    } else {
      void* const block = Allocate(size_bytes);
      return block == nullptr ? nullptr : std::memset(block, 0, size_bytes);
    }
  }
  void* Reallocate(void* block, std::size_t new_size_bytes) override {
    // To 0 an allocator may free the block or not, by the C standard; one byte serves as well.
    new_size_bytes = std::max(new_size_bytes, std::size_t{1});
    const Note note = NoteOf(block);
    if constexpr (Reallocates<T>) {
      if (note.lead_bytes == kNoteBytes) {
        char* const base = static_cast<char*>(block) - kNoteBytes;
        return Furnish(
            Served([&] { return allocator_.Reallocate(base, new_size_bytes + kNoteBytes); }),
            new_size_bytes);
      }
    }
    if (kNotes == Notes::kNone) return nullptr;
    void* const moved = Allocate(new_size_bytes);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, std::min(note.size_bytes, new_size_bytes));
    Free(block);
    return moved;
  }

  void Free(void* block) override {
    if (block == nullptr) return;
    const Note note = NoteOf(block);
    if constexpr (FreesByAddress<T>) {
      allocator_.Free(static_cast<char*>(block) - note.lead_bytes);
    } else {
      // What an aligned block was asked for with is the distance from its base.
      Free(block, note.size_bytes, AllocatesAligned<T> ? note.lead_bytes : 0);
    }
  }
  void Free(void* block, std::size_t size_bytes, std::size_t alignment) override {
    const Note note = NoteOf(block);
    [[maybe_unused]] char* const base = static_cast<char*>(block) - note.lead_bytes;
    if constexpr (kNotes == Notes::kKept) size_bytes = note.size_bytes;
    if constexpr (FreesByAddress<T>) {
      // One of no bytes may be what Reallocate() has made: see there.
      if (!kFreesSized || size_bytes == 0) return allocator_.Free(base);
    }
    if constexpr (FreesBySizeAndAlignment<T>) {
      allocator_.Free(base, size_bytes + note.added_bytes,
                      Told(AllocatesAligned<T> ? alignment : 0));
    } else if constexpr (FreesBySize<T>) {
      allocator_.Free(base, size_bytes + note.added_bytes);
    }
  }

  std::optional<std::size_t> UsableSize(const void* block) const override {
    if constexpr (TellsUsableSize<T>) {
      const std::size_t lead_bytes = NoteOf(block).lead_bytes;
      return allocator_.UsableSize(static_cast<char*>(const_cast<void*>(block)) - lead_bytes) -
             lead_bytes;
    }
    return std::nullopt;
  }
  std::optional<std::size_t> FootprintBytes() const override {
    if constexpr (TellsFootprint<T>) return allocator_.FootprintBytes();
    return std::nullopt;
  }
  void ThreadExit() override {
    if constexpr (HearsThreadExit<T>) allocator_.ThreadExit();
  }
  Census Count() override {
    if constexpr (TellsLiveBlocks<T>) return {.live_blocks = allocator_.LiveBlocks()};
    return {};
  }
  std::optional<std::size_t> End() override {
    if constexpr (TellsWhatIsLeft<T>) return allocator_.End();
    return std::nullopt;
  }

 private:
  //   base                              block
  //   +-------------------+------------+---------------------+-------------------+
  //   |  for an alignment |  Note      |  size_bytes         |  for an alignment |
  //   +-------------------+------------+---------------------+-------------------+
  //   |<- lead_bytes ------------------>|      added_bytes: all but size_bytes
  struct Note {
    std::size_t size_bytes = 0;
    std::uint32_t lead_bytes = 0;
    std::uint32_t added_bytes = 0;
  };
  static_assert(sizeof(Note) == 16);
  static constexpr std::size_t kNoteBytes = kNotes == Notes::kKept ? sizeof(Note) : 0;
  static constexpr std::size_t kPlainAlignment = 16;
  static constexpr bool kFreesSized = FreesBySize<T> || FreesBySizeAndAlignment<T>;

  // An alignment as T hears it; 0: none was asked for.
  static std::size_t Told(std::size_t alignment) {
    return alignment == 0 ? kPlainAlignment : std::max({alignment, kNoteBytes, sizeof(void*)});
  }

  void* Place(std::size_t size_bytes, std::size_t alignment) {
    if constexpr (AllocatesAligned<T>) {
      if (alignment != 0 || !AllocatesPlain<T>) {
        // As far from an aligned base as the alignment, a block is aligned as well.
        const std::size_t lead = kNotes == Notes::kNone ? 0 : Told(alignment);
        return Furnish(
            Served([&] { return allocator_.Allocate(size_bytes + lead, Told(alignment)); }),
            size_bytes, lead, lead);
      }
    }
    if constexpr (AllocatesPlain<T>) {
      if (alignment == 0) {
        return Furnish(Served([&] { return allocator_.Allocate(size_bytes + kNoteBytes); }),
                       size_bytes);
      }
      if (kNotes == Notes::kNone) return nullptr;
      const std::size_t added = kNoteBytes + alignment;
      char* const base = Served([&] { return allocator_.Allocate(size_bytes + added); });
      const std::size_t past = (reinterpret_cast<std::uintptr_t>(base) + kNoteBytes) % alignment;
      return Furnish(base, size_bytes, kNoteBytes + (past == 0 ? 0 : alignment - past), added);
    }
    return nullptr;
  }

  // The block in what T has given, its note written.
  static void* Furnish(char* base, std::size_t size_bytes, std::size_t lead_bytes = kNoteBytes,
                       std::size_t added_bytes = kNoteBytes) {
    if (base == nullptr) return nullptr;
    const Note note{.size_bytes = size_bytes,
                    .lead_bytes = static_cast<std::uint32_t>(lead_bytes),
                    .added_bytes = static_cast<std::uint32_t>(added_bytes)};
    std::memcpy(base + lead_bytes - kNoteBytes, &note, kNoteBytes);
    return base + lead_bytes;
  }
  static Note NoteOf(const void* block) {
    Note note;
    std::memcpy(&note, static_cast<const char*>(block) - kNoteBytes, kNoteBytes);
    return note;
  }

  template <typename Call>
  static char* Served(const Call& call) {
    try {
      return static_cast<char*>(call());
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  mutable T allocator_;  // written by whoever calls: T's own business
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_BRING_YOUR_OWN_ANY_ALLOCATOR_H_
