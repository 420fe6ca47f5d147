#include "stress/job/files.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/cpp/runfiles/runfiles.h"

namespace ashlar::stress {
namespace {

using bazel::tools::cpp::runfiles::Runfiles;

constexpr char kShippedTrace[] = "ashlar/stress/traces/redis.trace.xz";

}  // namespace

absl::StatusOr<std::string> FindShippedTrace(const std::string& program) {
  std::string error;
  const std::unique_ptr<Runfiles> runfiles(Runfiles::Create(program, &error));
  if (runfiles != nullptr) {
    const std::string path = runfiles->Rlocation(kShippedTrace);
    if (access(path.c_str(), R_OK) == 0) return path;
    error = absl::StrCat("cannot read ", path);
  }
  return absl::NotFoundError(absl::StrCat("the shipped trace is missing: ", error));
}

std::string ResolvePath(const std::string& path) {
  const char* const folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (folder == nullptr || path == "-" || absl::StartsWith(path, "/")) return path;
  return absl::StrCat(folder, "/", path);
}

}  // namespace ashlar::stress
