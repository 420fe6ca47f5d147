// trace_file.h - where the recorder's lines go: one file for each process image.
//
// $ASHLAR_TRACE names the file. The first process image that finds no such file makes it; every
// other one (a child after fork, a program after exec) makes NAME.PID, or NAME.PID.2 and so on: no
// file is ever overwritten. Without the variable nothing is recorded.
//
// A child begins with a copy of its parent's lines up to the fork, made when it first has a line
// of its own: these calls are its history as well, and it may free what they allocated.
//
// Every line is one write(2) to the end of the file: nothing waits in a buffer, so nothing is lost
// in _exit, abort or a crash. When a line cannot be written whole (the disk is full) the file is
// cut back to its last whole line and recording ends.
//
// The descriptor may be closed by a program that closes all it does not know, and its number may
// come to stand for another file: each Append() looks, and opens the file again by its name.
//
// Threads: every member under the lock.
#ifndef ASHLAR_STRESS_RECORDER_TRACE_FILE_H_
#define ASHLAR_STRESS_RECORDER_TRACE_FILE_H_

#include <pthread.h>
#include <sys/types.h>

#include <climits>
#include <cstddef>

#include "stress/recorder/text_line.h"

namespace ashlar::stress {

class TraceFile {
 public:
  constexpr TraceFile() = default;

  // Reads the environment and makes the file. Once; before any other member.
  void Start();

  void Lock() { pthread_mutex_lock(&mutex_); }
  void Unlock() { pthread_mutex_unlock(&mutex_); }

  void Append(const TextLine& line);

  // Around fork(), the lock held from BeforeFork() to the other two.
  void BeforeFork();
  void AfterForkInParent();
  void AfterForkInChild();
  // Between BeforeFork() and AfterForkInChild() in a child.
  [[nodiscard]] bool IsAnothersFile() const;

 private:
  enum class State { kOff, kOpen, kInherited };

  void Open();
  void TakeOverFromParent();
  bool IsStillOurs() const;
  void Reopen();
  void WriteOrStop(const char* data, std::size_t size_bytes);
  void Stop(const char* why);

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  State state_ = State::kOff;
  int fd_ = -1;
  pid_t process_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  off_t size_bytes_ = 0;      // of whole lines
  char base_[PATH_MAX] = {};  // as the environment names it, absolute
  char path_[PATH_MAX] = {};  // of this process image
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RECORDER_TRACE_FILE_H_
