#include "stress/trace/text_input.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace ashlar::stress {
namespace {

// Owns a file descriptor; -1 is none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

absl::Status SystemFault(absl::string_view what, const std::string& path, int error) {
  return absl::InvalidArgumentError(absl::StrCat(what, " ", path, ": ", std::strerror(error)));
}

absl::StatusOr<std::size_t> ReadSome(int fd, std::span<char> buffer, const std::string& path) {
  for (;;) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return SystemFault("cannot read", path, errno);
  }
}

class FileInput final : public TextInput {
 public:
  FileInput(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    return ReadSome(fd_.get(), buffer, path_);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class XzInput final : public TextInput {
 public:
  XzInput(pid_t child, Descriptor text, Descriptor complaint, std::string path)
      : child_(child),
        text_(std::move(text)),
        complaint_(std::move(complaint)),
        path_(std::move(path)) {}

  ~XzInput() override {
    text_.Close();  // a running xz meets a broken pipe and ends
    if (child_ > 0) Collect();
  }

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    absl::StatusOr<std::size_t> n = ReadSome(text_.get(), buffer, path_);
    if (n.ok() && *n == 0 && child_ > 0) {
      if (const int status = Collect(); status != 0) return XzFault(status);
    }
    return n;
  }

 private:
  int Collect() {
    int status = -1;
    while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    return status;
  }

  absl::Status XzFault(int status) const {
    char text[512];
    const ssize_t n = pread(complaint_.get(), text, sizeof text, 0);
    const absl::string_view said(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    std::string line(absl::StripAsciiWhitespace(said.substr(0, said.find('\n'))));
    if (line.empty()) line = absl::StrCat("status ", status);
    if (!absl::StrContains(line, path_)) line = absl::StrCat(path_, ": ", line);
    return absl::InvalidArgumentError(absl::StrCat("xz failed on ", line));
  }

  pid_t child_;
  Descriptor text_;
  Descriptor complaint_;
  std::string path_;
};

absl::StatusOr<std::unique_ptr<TextInput>> OpenXz(Descriptor file, const std::string& path) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemFault("cannot make a pipe for", path, errno);
  Descriptor text(ends[0]);
  Descriptor xz_end(ends[1]);
  Descriptor complaint(memfd_create("xz-complaint", MFD_CLOEXEC));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, file.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, xz_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, complaint.get(), STDERR_FILENO);
  char program[] = "xz";
  char decompress[] = "-dc";
  char* const arguments[] = {program, decompress, nullptr};
  pid_t child = -1;
  const int error = posix_spawnp(&child, program, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot read ", path, ": the program xz is missing (Debian package xz-utils)"));
  }
  if (error != 0) return SystemFault("cannot start xz for", path, error);
  return std::make_unique<XzInput>(child, std::move(text), std::move(complaint), path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TextInput>> OpenTextInput(const std::string& path) {
  if (path == "-") {
    Descriptor input(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (input.get() < 0) return SystemFault("cannot read", "standard input", errno);
    return std::make_unique<FileInput>(std::move(input), "standard input");
  }
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemFault("cannot open", path, errno);
  if (absl::EndsWith(path, ".xz")) return OpenXz(std::move(file), path);
  return std::make_unique<FileInput>(std::move(file), path);
}

}  // namespace ashlar::stress
