// table.h - the outcomes of all trials as text: a row each, then what the oracles said.
#ifndef ASHLAR_STRESS_CONSOLE_TABLE_H_
#define ASHLAR_STRESS_CONSOLE_TABLE_H_

#include <string>
#include <vector>

#include "stress/run/run_trial.h"

namespace ashlar::stress {

[[nodiscard]] std::string FormatTable(const std::vector<Outcome>& outcomes);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_CONSOLE_TABLE_H_
