// failure.h - all the ways in which Ashlar ends a process, in one place.
//
// A caller that breaks a rule (frees twice, frees what is not ours) has corrupted or is about to
// corrupt its own memory: there is no state to go back to. Fail() says what happened in one line,
// without allocating, and ends the process. Everything that a correct program can meet (no memory,
// a full region) is a return value instead and never comes here.
#ifndef ASHLAR_FAILURE_H_
#define ASHLAR_FAILURE_H_

#include "ashlar/internal/base/configuration.h"

namespace ashlar {

enum class Failure : unsigned char {
  kDoubleFree,       // the block is free already
  kForeignPointer,   // the address is no block of this allocator
  kWrongSize,        // a sized free names a size that the block cannot have
  kInvariantBroken,  // a bug of ours; checked builds look in more places
};

// The words for `failure`, as the line of Fail() has them.
[[nodiscard]] const char* FailureName(Failure failure) noexcept;

// Writes "ashlar: <name>: 0x<address>" as one line and ends the process.
// Thread-safe; usable in a signal handler; never returns.
[[noreturn]] void Fail(Failure failure, const void* address) noexcept;

// What Fail() does with its line. A weak default traps silently; the os layer's writes to standard
// error and aborts. A freestanding program may define its own. Must not return.
extern "C" [[noreturn]] void ashlar_end_process(const char* line, decltype(sizeof(0)) size_bytes);

}  // namespace ashlar

// States an invariant of our own; checked builds (--config=checked) verify it, others do not
// evaluate it.
#define ASHLAR_INVARIANT(condition)                                               \
  do {                                                                            \
    if constexpr (::ashlar::internal::kChecked) {                                 \
      if (!(condition)) ::ashlar::Fail(::ashlar::Failure::kInvariantBroken, this); \
    }                                                                             \
  } while (false)

#endif  // ASHLAR_FAILURE_H_
