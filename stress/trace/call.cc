#include "stress/trace/call.h"

namespace ashlar::stress {

absl::string_view VerbName(Verb verb) {
  switch (verb) {
    case Verb::kMalloc:
      return "malloc";
    case Verb::kCalloc:
      return "calloc";
    case Verb::kMemalign:
      return "memalign";
    case Verb::kRealloc:
      return "realloc";
    case Verb::kFree:
      return "free";
    case Verb::kThreadDone:
      return "thread_done";
  }
  return "unknown";
}

}  // namespace ashlar::stress
