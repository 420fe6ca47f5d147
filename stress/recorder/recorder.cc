// recorder.cc - a library to be preloaded: writes every call of the malloc family to a trace.
//
//   LD_PRELOAD=.../libashlar_recorder.so ASHLAR_TRACE=/tmp/my.trace PROGRAM ...
//
// The order of the lines is an order in which the calls happened: one lock is held while a line is
// written, and
//
//   malloc, calloc, memalign   call, then line    nobody knows the block before the line
//   free                       line, then call    nobody can get the block again before the line
//   realloc                    both under the lock: the old block may be handed out again before
//                              the call returns, but no other line is written meanwhile
//
// A thread's end is written by a thread-specific destructor in its last round, after those of the
// program. What the C library does for the thread after that is a thread of its own in the trace,
// of one call, and done at once. C++ new and delete come through malloc and free. Not seen: blocks
// that a malloc library hands out by other names of its own, and children of a bare clone(2).
#include <malloc.h>
#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "stress/recorder/next_malloc.h"
#include "stress/recorder/text_line.h"
#include "stress/recorder/trace_file.h"

#define ASHLAR_EXPORT extern "C" [[gnu::visibility("default"), gnu::used]]

namespace ashlar::stress {
namespace {

constexpr int kRoundsOfDestructors = PTHREAD_DESTRUCTOR_ITERATIONS;

constinit TraceFile g_file;
constinit pthread_key_t g_thread_key = 0;

// Of the calling thread. Initial-exec: reaching it allocates nothing.
struct ThreadState {
  pid_t id = 0;             // 0: not yet heard of
  int rounds = 0;           // of destructors
  bool has_ended = false;   // thread_done is written
  bool is_inside = false;   // calls are the recorder's own
  bool is_forking = false;  // between the handlers of fork(): the lock is held already
};
[[gnu::tls_model("initial-exec")]] constinit thread_local ThreadState t_state;

void WhenThreadEnds(void* self);
void BeforeFork();
void AfterForkInParent();
void AfterForkInChild();

// The next malloc family; starts the recorder first. Null: memory is to come from the early arena.
const NextMalloc* Next() {
  static constinit bool has_started = false;
  const NextMalloc* const next = FindNextMalloc();
  if (next == nullptr || has_started) [[likely]]
    return next;
  has_started = true;  // one thread, as FindNextMalloc() says
  t_state.is_inside = true;
  g_file.Start();
  pthread_key_create(&g_thread_key, WhenThreadEnds);
  pthread_atfork(BeforeFork, AfterForkInParent, AfterForkInChild);
  t_state.is_inside = false;
  return next;
}

// While one lives, this thread's calls are not recorded, the lock is held, and errno is kept.
class Recording {
 public:
  Recording() : errno_(errno) {
    t_state.is_inside = true;
    if (!t_state.is_forking) {
      g_file.Lock();
    } else if (g_file.IsAnothersFile()) {
      AfterForkInChild();  // another handler of fork() in the child came before ours
      g_file.Lock();
    }
    if (t_state.id == 0) {
      t_state.id = gettid();
      if (!t_state.has_ended) pthread_setspecific(g_thread_key, &t_state);
    }
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (!t_state.is_forking) g_file.Unlock();
    t_state.is_inside = false;
    errno = errno_;
  }

  // A line that begins with the thread and the verb.
  static TextLine Line(const char* verb) {
    TextLine line;
    line.Decimal(static_cast<std::uint64_t>(t_state.id)).Text(": ").Text(verb).Text(" ");
    return line;
  }
  static void Write(TextLine& line) {
    g_file.Append(line.Text("\n"));
    if (t_state.has_ended) WriteEnd();  // no destructor will say it again
  }
  static void WriteEnd() { g_file.Append(Line("thread_done").Pointer(nullptr).Text("\n")); }

  // errno is kept as it is now.
  void KeepErrno() { errno_ = errno; }

 private:
  int errno_;
};

void RecordMemalign(const void* block, std::size_t alignment, std::size_t size_bytes) {
  const Recording recording;
  TextLine line = Recording::Line("memalign");
  // What the C library makes of an alignment that is no power of two.
  line.Pointer(block).Text(" ").Decimal(std::bit_ceil(std::max(alignment, std::size_t{1})));
  Recording::Write(line.Text(" ").Decimal(size_bytes));
}

void WhenThreadEnds(void* self) {
  if (++t_state.rounds < kRoundsOfDestructors) {
    t_state.is_inside = true;
    pthread_setspecific(g_thread_key, self);
    t_state.is_inside = false;
    return;
  }
  {
    const Recording recording;
    Recording::WriteEnd();
  }
  t_state = {.has_ended = true};
}

void BeforeFork() {
  g_file.Lock();
  t_state.is_forking = true;
  g_file.BeforeFork();
}

void AfterForkInParent() {
  t_state.is_forking = false;
  g_file.Unlock();
}

void AfterForkInChild() {
  if (!t_state.is_forking) return;  // done already, see Recording
  t_state.is_forking = false;
  t_state.id = 0;
  g_file.AfterForkInChild();
}

}  // namespace

ASHLAR_EXPORT void* malloc(std::size_t size_bytes) {
  const NextMalloc* const next = Next();
  if (next == nullptr) return AllocateEarly(size_bytes);
  void* const block = next->malloc(size_bytes);
  if (t_state.is_inside) return block;
  const Recording recording;
  TextLine line = Recording::Line("malloc");
  Recording::Write(line.Pointer(block).Text(" ").Decimal(size_bytes));
  return block;
}

ASHLAR_EXPORT void* calloc(std::size_t count, std::size_t size_bytes) {
  const NextMalloc* const next = Next();
  if (next == nullptr) return AllocateEarly(count * size_bytes);
  void* const block = next->calloc(count, size_bytes);
  if (t_state.is_inside) return block;
  const Recording recording;
  TextLine line = Recording::Line("calloc");
  line.Pointer(block).Text(" ").Decimal(count).Text(" ");
  Recording::Write(line.Decimal(size_bytes));
  return block;
}

ASHLAR_EXPORT void free(void* block) {
  if (IsEarly(block)) return;
  const NextMalloc* const next = Next();
  if (next == nullptr) return;
  // The C library frees what it keeps for a thread after all destructors: mostly nothing.
  const bool is_farewell = t_state.has_ended && block == nullptr;
  if (!t_state.is_inside && !is_farewell) {
    const Recording recording;
    TextLine line = Recording::Line("free");
    Recording::Write(line.Pointer(block));
  }
  next->free(block);
}

ASHLAR_EXPORT void* realloc(void* block, std::size_t new_size_bytes) {
  const NextMalloc* const next = Next();
  if (next == nullptr || IsEarly(block)) {
    void* const now = malloc(new_size_bytes);
    if (now == nullptr || block == nullptr) return now;
    return std::memcpy(now, block, std::min(new_size_bytes, EarlyBytesFrom(block)));
  }
  if (t_state.is_inside) return next->realloc(block, new_size_bytes);
  Recording recording;
  void* const now = next->realloc(block, new_size_bytes);
  recording.KeepErrno();
  TextLine line = Recording::Line("realloc");
  line.Pointer(now).Text(" ").Pointer(block).Text(" ");
  Recording::Write(line.Decimal(new_size_bytes));
  return now;
}

ASHLAR_EXPORT void* memalign(std::size_t alignment, std::size_t size_bytes) {
  const NextMalloc* const next = Next();
  if (next == nullptr) return nullptr;
  void* const block = next->memalign(alignment, size_bytes);
  if (!t_state.is_inside) RecordMemalign(block, alignment, size_bytes);
  return block;
}

ASHLAR_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t size_bytes) {
  const NextMalloc* const next = Next();
  if (next == nullptr) return nullptr;
  void* const block = next->aligned_alloc(alignment, size_bytes);
  if (!t_state.is_inside) RecordMemalign(block, alignment, size_bytes);
  return block;
}

ASHLAR_EXPORT int posix_memalign(void** result, std::size_t alignment, std::size_t size_bytes) {
  const NextMalloc* const next = Next();
  if (next == nullptr) return ENOMEM;
  const int error = next->posix_memalign(result, alignment, size_bytes);
  if (!t_state.is_inside) {
    RecordMemalign(error == 0 ? *result : nullptr, alignment, size_bytes);
  }
  return error;
}

ASHLAR_EXPORT void* valloc(std::size_t size_bytes) {
  return memalign(static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), size_bytes);
}

ASHLAR_EXPORT void* pvalloc(std::size_t size_bytes) {
  const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  if (size_bytes > SIZE_MAX - page_bytes) {
    errno = ENOMEM;
    return nullptr;
  }
  return memalign(page_bytes, (size_bytes + page_bytes - 1) / page_bytes * page_bytes);
}

}  // namespace ashlar::stress
