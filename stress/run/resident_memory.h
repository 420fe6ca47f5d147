// resident_memory.h - how much memory the process really has, as the operating system sees it.
#ifndef ASHLAR_STRESS_RUN_RESIDENT_MEMORY_H_
#define ASHLAR_STRESS_RUN_RESIDENT_MEMORY_H_

#include <cstddef>
#include <optional>

namespace ashlar::stress {

// Resident pages that no file stands behind, in bytes. Nothing under a sanitizer, whose shadow
// memory would drown all else. One system call or two, some microseconds.
[[nodiscard]] std::optional<std::size_t> ResidentBytes();

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RUN_RESIDENT_MEMORY_H_
