#include "stress/job/subjects.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "stress/subject/heap_subject.h"
#include "stress/subject/malloc_subject.h"

namespace ashlar::stress {
namespace {

constexpr char kTunables[] = "GLIBC_TUNABLES";
constexpr char kMoreThreadLocalMemory[] = "glibc.rtld.optional_static_tls=65536";

}  // namespace

absl::StatusOr<std::unique_ptr<Subject>> MakeSubject(const std::string& allocator) {
  if (allocator == "ashlar") return HeapSubject::OverSystem();
  if (allocator == "system") return MakeSystemSubject();
  return LoadMallocLibrary(allocator);
}

absl::Status TryAllocator(const std::string& allocator, char** argv) {
  const absl::Status status = MakeSubject(allocator).status();
  if (!absl::StrContains(status.message(), "static TLS")) return status;
  const char* const old = std::getenv(kTunables);
  const absl::string_view tunables = old == nullptr ? "" : old;
  if (absl::StrContains(tunables, kMoreThreadLocalMemory)) return status;
  const std::string more =
      absl::StrCat(tunables, tunables.empty() ? "" : ":", kMoreThreadLocalMemory);
  setenv(kTunables, more.c_str(), 1);
  execv("/proc/self/exe", argv);
  return status;
}

}  // namespace ashlar::stress
