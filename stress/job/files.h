// files.h - the files that the main job reads, found wherever it is started from.
#ifndef ASHLAR_STRESS_JOB_FILES_H_
#define ASHLAR_STRESS_JOB_FILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace ashlar::stress {

// The trace that is shipped. `program` is argv[0]. NotFound: the program stands without its data.
[[nodiscard]] absl::StatusOr<std::string> FindShippedTrace(const std::string& program);

// A path as a person wrote it: under "bazel run" the working folder is not the person's own.
[[nodiscard]] std::string ResolvePath(const std::string& path);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_JOB_FILES_H_
