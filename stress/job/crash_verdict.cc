#include "stress/job/crash_verdict.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "stress/run/signal_stack.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kLineBytes = 4096;

// Written before the crash, as nothing can be composed during it.
char g_line[kLineBytes];

#if !defined(ABSL_HAVE_ADDRESS_SANITIZER) && !defined(ABSL_HAVE_THREAD_SANITIZER)
std::atomic<bool> g_has_spoken = false;

void WriteVerdictAndEnd(int /*signal*/) {
  // relaxed: only one of them is to come through; nothing is handed over.
  if (g_has_spoken.exchange(true, std::memory_order_relaxed)) {
    for (;;) pause();  // another thread is writing
  }
  static_cast<void>(!write(STDERR_FILENO, g_line, std::strlen(g_line)));
  _exit(1);
}
#endif

}  // namespace

void TurnCrashesIntoVerdicts() {
#if !defined(ABSL_HAVE_ADDRESS_SANITIZER) && !defined(ABSL_HAVE_THREAD_SANITIZER)
  static const auto* const stack = new SignalStack;  // of this thread, to the end
  static_cast<void>(stack);
  struct sigaction action {};
  action.sa_handler = WriteVerdictAndEnd;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP}) {
    sigaction(signal, &action, nullptr);
  }
#endif
}

void SetCrashVerdict(const std::string& scenario, const std::string& how_to_repeat) {
  const std::string line = absl::StrCat("\nFAILED: ", scenario, ": crash: the process died in the ",
                                        "allocator's hands; again with ", how_to_repeat, "\n");
  std::strncpy(g_line, line.c_str(), sizeof g_line - 1);
}

}  // namespace ashlar::stress
