// image.h - where the program lies in memory: its code, its writable data, its thread-locals.
#ifndef ASHLAR_STRESS_EXPLORER_IMAGE_H_
#define ASHLAR_STRESS_EXPLORER_IMAGE_H_

#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Image {
  std::uintptr_t base = 0;
  std::uintptr_t data = 0;  // writable: what is rolled back after an execution
  std::size_t data_bytes = 0;
  std::uintptr_t libc_code = 0;  // calls from there go to the real functions
  std::size_t libc_code_bytes = 0;
  const void* thread_locals = nullptr;  // the initial values
  std::size_t initialized_bytes = 0;
  std::size_t thread_locals_bytes = 0;   // 0: none, or all emulated
  std::size_t thread_locals_offset = 0;  // below the thread pointer
  char path[512] = {};
};
extern Image g_image;

void InitializeImage();

// A code address as an offset from the base: what tables and reports keep. 0: not of the program.
inline std::uint32_t OffsetOf(std::uintptr_t pc) {
  const std::uintptr_t offset = pc - g_image.base;
  return offset <= UINT32_MAX ? static_cast<std::uint32_t>(offset) : 0;
}
inline bool IsGlobal(std::uintptr_t address) {
  return address - g_image.data < g_image.data_bytes;
}
inline bool IsInLibc(std::uintptr_t pc) { return pc - g_image.libc_code < g_image.libc_code_bytes; }

// The thread-locals below `thread_pointer` as a new thread has them.
void RestoreThreadLocals(std::uintptr_t thread_pointer);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_IMAGE_H_
