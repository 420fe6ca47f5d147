// report.h - a failure in words: what, where, and the interleaving, one column a thread.
#ifndef ASHLAR_STRESS_EXPLORER_REPORT_H_
#define ASHLAR_STRESS_EXPLORER_REPORT_H_

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

// Of g_failure and g_events, as text; valid until the next call.
const char* WriteReport();
[[gnu::format(printf, 1, 2)]] void AddToReport(const char* format, ...);
const char* OrderName(int order);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_REPORT_H_
