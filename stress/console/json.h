// json.h - the outcomes of all trials for a program to read (RFC 8259).
//
//   {"seed": 7, "passed": false, "scenarios": [
//     {"scenario": "heap", "allocator": "ashlar", "calls": 3000000, "threads": 4, "seconds": 1.5,
//      "live_bytes": 1, "footprint_bytes": 2, "passed": false,
//      "findings": [{"oracle": "overlap", "message": "...", "times": 3}]}]}
#ifndef ASHLAR_STRESS_CONSOLE_JSON_H_
#define ASHLAR_STRESS_CONSOLE_JSON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "stress/run/run_trial.h"

namespace ashlar::stress {

// Live and footprint are the most that there was. Bytes of no UTF-8 text are escaped as \u00XX.
[[nodiscard]] std::string FormatJson(std::uint64_t seed, const std::vector<Outcome>& outcomes);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_CONSOLE_JSON_H_
