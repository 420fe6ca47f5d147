// next_malloc.h - the malloc family that the program would have had without the recorder.
//
// Looked up behind the recorder in the order of loading, so a program that brings a malloc of its
// own keeps it. The look-up may itself ask for memory: until it is done, blocks come from a small
// arena here, and their frees are no one's business.
#ifndef ASHLAR_STRESS_RECORDER_NEXT_MALLOC_H_
#define ASHLAR_STRESS_RECORDER_NEXT_MALLOC_H_

#include <cstddef>

namespace ashlar::stress {

struct NextMalloc {
  void* (*malloc)(std::size_t);
  void* (*calloc)(std::size_t, std::size_t);
  void* (*realloc)(void*, std::size_t);
  void (*free)(void*);
  void* (*memalign)(std::size_t, std::size_t);
  int (*posix_memalign)(void**, std::size_t, std::size_t);
  void* (*aligned_alloc)(std::size_t, std::size_t);
};

// The functions, looked up at the first call; null while that look-up is under way in this very
// thread. The first call must be made before there is a second thread, and it is: creating a
// thread allocates.
[[nodiscard]] const NextMalloc* FindNextMalloc();

// Memory for the look-up: never freed, all zero, aligned to 16 bytes. Null when it is used up.
[[nodiscard]] void* AllocateEarly(std::size_t size_bytes);
[[nodiscard]] bool IsEarly(const void* block);
// Bytes from an early block to the end of the early arena: at least its size.
[[nodiscard]] std::size_t EarlyBytesFrom(const void* block);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RECORDER_NEXT_MALLOC_H_
