// limits.h - how large an execution may be, and where its memory lies.
//
// Reaching a limit of the first group ends the execution as a failure that names it. Those of the
// second group bound what is explored, not what is run: Result.extent is then not kComplete.
#ifndef ASHLAR_STRESS_EXPLORER_LIMITS_H_
#define ASHLAR_STRESS_EXPLORER_LIMITS_H_

#include <cstddef>
#include <cstdint>

// For the road of each access: a call costs as much as what it does.
#define ASHLAR_HOT [[gnu::always_inline]] inline
// The same for a lambda: [&](int i) ASHLAR_HOT_LAMBDA {}.
#define ASHLAR_HOT_LAMBDA __attribute__((always_inline))

namespace ashlar::explorer {

inline constexpr unsigned kMaxThreads = 64;             // live at once; 0 is the scheduler itself
inline constexpr std::uint32_t kMaxLocations = 1 << 16;  // atomic locations of an execution
inline constexpr std::uint32_t kMaxSteps = 1 << 22;
inline constexpr std::uint32_t kMaxSyncObjects = 1 << 12;  // mutexes and their like
inline constexpr std::uint32_t kMaxUndo = 1 << 20;         // words of globals touched
inline constexpr std::uint32_t kMaxChoices = 1 << 23;

inline constexpr unsigned kWindow = 8;          // stores of a location that are remembered
inline constexpr unsigned kMaxStaleRun = 8;     // stale reads of a location between two stores
inline constexpr unsigned kMaxStale = 256;      // stale reads and early stores of an execution
inline constexpr unsigned kMaxSpurious = 3;     // spurious failures of an execution
inline constexpr unsigned kFruitless = 64;      // accesses without effect before a thread makes way

// The arena: stacks and thread-local storage of fibers, then the body's heap.
inline constexpr std::uintptr_t kArena = 0x100000000000;
inline constexpr std::size_t kStackBytes = std::size_t{256} << 10;
inline constexpr std::size_t kThreadLocalBytes = std::size_t{32} << 10;  // the low end of a stack
inline constexpr std::uintptr_t kHeap = kArena + kStackBytes * kMaxThreads;
inline constexpr std::size_t kHeapBytes = std::size_t{256} << 20;
inline constexpr std::size_t kArenaBytes = kStackBytes * kMaxThreads + kHeapBytes;

// Shadow: one cell of 64 bytes for 8 bytes.
inline constexpr std::uintptr_t kArenaShadow = 0x200000000000;
inline constexpr std::uintptr_t kGlobalShadow = 0x300000000000;

inline constexpr std::uintptr_t kLocationTable = 0x400000000000;

}  // namespace ashlar::explorer

#endif  // ASHLAR_STRESS_EXPLORER_LIMITS_H_
