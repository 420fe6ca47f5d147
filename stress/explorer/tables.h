// tables.h - large tables of the runtime: zeroed address space, of which only what is touched costs.
#ifndef ASHLAR_STRESS_EXPLORER_TABLES_H_
#define ASHLAR_STRESS_EXPLORER_TABLES_H_

#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// At `address`, or anywhere if that is 0. Ends the process when the system refuses.
void* ReserveTable(std::uintptr_t address, std::size_t size_bytes);

template <typename T>
T* NewTable(std::size_t count) {
  return static_cast<T*>(ReserveTable(0, count * sizeof(T)));
}

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_TABLES_H_
