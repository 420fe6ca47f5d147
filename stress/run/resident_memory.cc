#include "stress/run/resident_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "absl/base/config.h"

namespace ashlar::stress {

std::optional<std::size_t> ResidentBytes() {
#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
  return std::nullopt;
#else
  const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char text[128];
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return std::nullopt;
  text[n] = '\0';
  std::size_t all_pages = 0;
  std::size_t resident_pages = 0;
  std::size_t shared_pages = 0;
  if (std::sscanf(text, "%zu %zu %zu", &all_pages, &resident_pages, &shared_pages) != 3) {
    return std::nullopt;
  }
  if (resident_pages < shared_pages) return std::nullopt;
  return (resident_pages - shared_pages) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
#endif
}

}  // namespace ashlar::stress
