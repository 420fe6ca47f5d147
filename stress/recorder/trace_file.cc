#include "stress/recorder/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ashlar::stress {
namespace {

constexpr char kVariable[] = "ASHLAR_TRACE=";
constexpr std::size_t kVariableBytes = sizeof kVariable - 1;
constexpr int kLeastDescriptor = 200;  // out of the way of programs that count on small numbers
constexpr unsigned kMostFilesPerProcess = 10'000;

// One thread at a time: at the start, later under the lock.
constinit char g_buffer[64 * 1024];

// Copies the value of $ASHLAR_TRACE, of less than `size_bytes`, or "". Reads what the kernel keeps:
// the C library has no environment yet when the dynamic linker first allocates.
void ReadVariable(char* value, std::size_t size_bytes) {
  value[0] = '\0';
  const int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::size_t at = 0;  // in the current entry
  bool matches = true;
  for (ssize_t got = 0; (got = read(fd, g_buffer, sizeof g_buffer)) > 0;) {
    for (ssize_t i = 0; i < got; ++i) {
      const char c = g_buffer[i];
      if (matches && at >= kVariableBytes) {
        const std::size_t n = at - kVariableBytes;
        value[n] = n + 1 < size_bytes ? c : '\0';
        if (value[n] == '\0') {
          close(fd);
          return;
        }
      } else {
        matches = matches && c == kVariable[at];
      }
      ++at;
      if (c == '\0') {
        at = 0;
        matches = true;
      }
    }
  }
  close(fd);
}

void Say(const char* path, const char* why) {
  TextLine line;
  line.Text(": ashlar recorder: the trace ends here, ").Text(why).Text("\n");
  static_cast<void>(!write(STDERR_FILENO, path, std::strlen(path)));
  static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
}

// Appends as much of `text` as `path` has room for.
template <std::size_t kSize>
void AppendToPath(char (&path)[kSize], const char* text) {
  std::size_t length = std::strlen(path);
  while (*text != '\0' && length + 1 < kSize) path[length++] = *text++;
  path[length] = '\0';
}

}  // namespace

void TraceFile::Start() {
  char value[PATH_MAX];
  ReadVariable(value, sizeof value);
  process_ = getpid();
  if (value[0] == '\0') return;
  if (value[0] != '/' && getcwd(base_, sizeof base_) != nullptr) AppendToPath(base_, "/");
  AppendToPath(base_, value);
  Open();
}

void TraceFile::Append(const TextLine& line) {
  if (state_ == State::kInherited) TakeOverFromParent();
  if (state_ != State::kOpen) return;
  if (!IsStillOurs()) Reopen();
  if (state_ == State::kOpen) WriteOrStop(line.data(), line.size());
}

void TraceFile::BeforeFork() {
  if (state_ == State::kInherited) TakeOverFromParent();
}

void TraceFile::AfterForkInParent() {}

void TraceFile::AfterForkInChild() {
  process_ = getpid();
  if (state_ == State::kOpen) state_ = State::kInherited;
  mutex_ = PTHREAD_MUTEX_INITIALIZER;
}

bool TraceFile::IsAnothersFile() const { return state_ == State::kOpen && process_ != getpid(); }

void TraceFile::Open() {
  for (unsigned i = 0; i < kMostFilesPerProcess; ++i) {
    TextLine suffix;
    if (i != 0) suffix.Text(".").Decimal(static_cast<unsigned>(process_));
    if (i > 1) suffix.Text(".").Decimal(i);
    const std::size_t base_bytes = std::strlen(base_);
    if (base_bytes + suffix.size() >= sizeof path_) break;
    std::memcpy(path_, base_, base_bytes);
    std::memcpy(path_ + base_bytes, suffix.data(), suffix.size());
    path_[base_bytes + suffix.size()] = '\0';
    const int fd = open(path_, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) continue;
    struct stat status {};
    if (fd < 0 || fstat(fd, &status) != 0) break;
    fd_ = fcntl(fd, F_DUPFD_CLOEXEC, kLeastDescriptor);
    if (fd_ < 0) {
      fd_ = fd;  // few descriptors are allowed: a small number, then
    } else {
      close(fd);
    }
    device_ = status.st_dev;
    inode_ = status.st_ino;
    size_bytes_ = 0;
    state_ = State::kOpen;
    return;
  }
  Stop("cannot make the file");
}

void TraceFile::TakeOverFromParent() {
  const off_t end = size_bytes_;
  if (!IsStillOurs()) Reopen();  // the parent's, by its name
  const int parent = fd_;
  if (state_ == State::kOff) return;
  Open();
  for (off_t at = 0; at < end && state_ == State::kOpen;) {
    const std::size_t wanted = std::min(sizeof g_buffer, static_cast<std::size_t>(end - at));
    const ssize_t got = pread(parent, g_buffer, wanted, at);
    if (got <= 0) {
      Stop("the parent's trace cannot be read");
    } else {
      WriteOrStop(g_buffer, static_cast<std::size_t>(got));
      at += got;
    }
  }
  // A part of the parent's calls is no history.
  if (state_ != State::kOpen) static_cast<void>(!ftruncate(fd_, 0));
  close(parent);
}

bool TraceFile::IsStillOurs() const {
  struct stat status {};
  return fstat(fd_, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

void TraceFile::Reopen() {
  // The number is another's by now: it is left alone.
  fd_ = open(path_, O_RDWR | O_APPEND | O_CLOEXEC);
  if (fd_ < 0 || !IsStillOurs()) {
    Stop("cannot open the file again");
    return;
  }
  const int high = fcntl(fd_, F_DUPFD_CLOEXEC, kLeastDescriptor);
  if (high < 0) return;
  close(fd_);
  fd_ = high;
}

void TraceFile::WriteOrStop(const char* data, std::size_t size_bytes) {
  ssize_t written = -1;
  do {
    written = write(fd_, data, size_bytes);
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(size_bytes)) {
    size_bytes_ += written;
    return;
  }
  const char* const why = written < 0 ? strerrordesc_np(errno) : "the disk is full";
  static_cast<void>(!ftruncate(fd_, size_bytes_));
  Stop(why);
}

void TraceFile::Stop(const char* why) {
  state_ = State::kOff;
  Say(path_[0] != '\0' ? path_ : base_, why);
}

}  // namespace ashlar::stress
