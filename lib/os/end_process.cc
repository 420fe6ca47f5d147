#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "ashlar/failure.h"

namespace ashlar {

extern "C" void ashlar_end_process(const char* line, std::size_t size_bytes) {
  // One write: the line stays whole among those of other threads.
  if (write(STDERR_FILENO, line, size_bytes) < 0) {
    // There is nobody left to tell.
  }
  std::abort();
}

}  // namespace ashlar
