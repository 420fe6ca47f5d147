// units.h - numbers as people read them.
#ifndef ASHLAR_STRESS_CONSOLE_UNITS_H_
#define ASHLAR_STRESS_CONSOLE_UNITS_H_

#include <cstdint>
#include <string>

namespace ashlar::stress {

// "0 B", "512 B", "1.5 KiB", "13.0 MiB".
[[nodiscard]] std::string FormatBytes(std::uint64_t bytes);
// "12", "123 k", "4.56 M": three digits.
[[nodiscard]] std::string FormatCount(double count);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_CONSOLE_UNITS_H_
