// real.h - the functions that this runtime defines itself, as they are outside of it.
#ifndef ASHLAR_STRESS_EXPLORER_REAL_H_
#define ASHLAR_STRESS_EXPLORER_REAL_H_

#include <dlfcn.h>
#include <sys/syscall.h>

#include <cstdint>

// The libc's own `name`, looked up once.
#define ASHLAR_REAL(name)                                                  \
  (__extension__({                                                         \
    static void* found;                                                    \
    if (found == nullptr) found = dlsym(RTLD_NEXT, #name);                 \
    reinterpret_cast<decltype(&::name)>(found);                            \
  }))
#define ASHLAR_REAL_SYMBOL(text)                                           \
  (__extension__({                                                         \
    static void* found;                                                    \
    if (found == nullptr) found = dlsym(RTLD_NEXT, text);                  \
    found;                                                                 \
  }))

namespace ashlar::explorer {

// The system call itself; the result is negative on errors.
inline long RealSyscall(long number, auto a, auto b, auto c, auto d, auto e, auto f) {
  const auto word = [](auto value) {
    if constexpr (requires { reinterpret_cast<long>(value); }) {
      return reinterpret_cast<long>(value);
    } else {
      return static_cast<long>(value);
    }
  };
  register long r10 asm("r10") = word(d);
  register long r8 asm("r8") = word(e);
  register long r9 asm("r9") = word(f);
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(word(a)), "S"(word(b)), "d"(word(c)), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

}  // namespace ashlar::explorer

#endif  // ASHLAR_STRESS_EXPLORER_REAL_H_
