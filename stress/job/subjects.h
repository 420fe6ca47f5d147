// subjects.h - the allocator that --allocator names.
#ifndef ASHLAR_STRESS_JOB_SUBJECTS_H_
#define ASHLAR_STRESS_JOB_SUBJECTS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "stress/subject/subject.h"

namespace ashlar::stress {

// "ashlar": a Heap over the process's memory. "system": malloc. Else the path of a malloc library.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Subject>> MakeSubject(const std::string& allocator);

// Whether MakeSubject() will succeed. A library may ask for more thread-local memory than the
// process has set aside for libraries that come late: then the process starts itself again, with
// more. So this is the first thing to be done.
[[nodiscard]] absl::Status TryAllocator(const std::string& allocator, char** argv);

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_JOB_SUBJECTS_H_
