// configuration.h - what a build decides: checks, and how the race and memory detectors are told.
#ifndef ASHLAR_INTERNAL_BASE_CONFIGURATION_H_
#define ASHLAR_INTERNAL_BASE_CONFIGURATION_H_

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define ASHLAR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASHLAR_ASAN 1
#endif
#endif

#ifdef ASHLAR_ASAN
extern "C" void __asan_poison_memory_region(const volatile void* start, std::size_t size_bytes);
extern "C" void __asan_unpoison_memory_region(const volatile void* start, std::size_t size_bytes);
#endif

namespace ashlar::internal {

// Checked builds (--config=checked) verify invariants, sizes of sized frees, and a live mark for
// every slot, so that each double or foreign free is caught where it happens.
#ifdef ASHLAR_CHECKED
inline constexpr bool kChecked = true;
#else
inline constexpr bool kChecked = false;
#endif

// Tells AddressSanitizer that the bytes may not be touched until they are unpoisoned; nothing in
// other builds.
inline void PoisonMemory([[maybe_unused]] const void* start,
                         [[maybe_unused]] std::size_t size_bytes) noexcept {
#ifdef ASHLAR_ASAN
  __asan_poison_memory_region(start, size_bytes);
#endif
}

inline void UnpoisonMemory([[maybe_unused]] const void* start,
                           [[maybe_unused]] std::size_t size_bytes) noexcept {
#ifdef ASHLAR_ASAN
  __asan_unpoison_memory_region(start, size_bytes);
#endif
}

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_BASE_CONFIGURATION_H_
