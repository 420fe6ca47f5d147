// explore.h - runs a piece of concurrent code under many interleavings, with the weak memory of C++20.
//
//   TEST(Stack, KeepsEveryNode) {
//     const Result result = Explore({.executions = 20000}, [] {
//       Stack stack;                                   // any code: std::atomic, std::thread, mutexes
//       std::thread a([&] { stack.Push(1); });
//       std::thread b([&] { stack.Push(2); });
//       a.join();
//       b.join();
//       ASHLAR_REQUIRE(stack.Size() == 2);
//     });
//     EXPECT_TRUE(result.clean()) << result.report;
//   }
//
// The test is an `ashlar_explored_test` (bazel/explored.bzl): it and all that it depends on are
// compiled with -fsanitize=thread and linked with this runtime in place of ThreadSanitizer's, so
// that each atomic access, plain access, thread, lock, futex and heap call of ordinary C++ comes
// here. Nothing in the code under test knows of it.
//
// What is found     ASHLAR_REQUIRE and assert that do not hold, abort; data races; use after free,
//                   double free, leaks; deadlock, lost wake-ups; livelock (the step limit).
// What is shown     every outcome that C++20 allows and RC11 does: stale reads, stores placed
//                   earlier in the modification order, spurious failures of weak compare-exchange.
//                   Load buffering of relaxed accesses is not produced.
// What is not seen  inline assembly, 128-bit atomics (an error), libraries that were not rebuilt.
// State             an execution starts from what the program was before Explore: globals are rolled
//                   back, memory and threads that the body made are gone.
// Threads           Explore runs on the calling thread alone; the body's threads are fibers. Not
//                   reentrant.
#ifndef ASHLAR_STRESS_EXPLORER_EXPLORE_H_
#define ASHLAR_STRESS_EXPLORER_EXPLORE_H_

#include <cstddef>
#include <cstdint>

namespace ashlar::explorer {

enum class Strategy : std::uint8_t {
  kMixture,      // a different one of those below for each execution
  kRandom,       // each choice by chance
  kSticky,       // mostly the running thread and the newest store
  kPct,          // priorities, lowered at few random steps (Burckhardt et al., ASPLOS 2010)
  kPos,          // priorities, drawn anew for what conflicts (Yuan, Yang, Gu, CAV 2018)
  kExhaustive,   // every one, depth first, with sleep sets; result.extent tells how far it came
  kBytes,        // as `bytes` say, then at random from their hash
};

enum class Races : std::uint8_t { kFail, kIgnore };

enum class Reuse : std::uint8_t {
  kChosen,       // freed memory is handed out again, or not: a choice of the explorer
  kAlways,       // newest first, as most allocators do
  kNever,
};

struct Options {
  std::uint64_t executions = 20000;       // at most
  std::uint64_t seed = 1;
  Strategy strategy = Strategy::kMixture;
  std::uint32_t max_steps = 20000;        // of one execution; reaching it is a failure
  std::uint32_t preemptions = UINT32_MAX;  // bound for kExhaustive
  Races races = Races::kFail;
  Reuse reuse = Reuse::kChosen;
  bool weak_memory = true;                // false: sequentially consistent values
  bool leaks_fail = false;                // memory of the body that is still allocated at its end
  bool stop_threads = false;              // the progress oracle: see Explore's comment
  bool report = true;                     // false: no text, no shrinking, no file: for benchmarks
  const std::uint8_t* bytes = nullptr;    // for kBytes
  std::size_t byte_count = 0;
};

// How much of what can happen was looked at.
enum class Extent : std::uint8_t {
  kSampled,
  kCompleteWithinPreemptions,  // all executions with so many preemptions, or fewer
  kComplete,                   // all executions, within the limits that limits.h names
};

struct Result {
  bool failed = false;
  Extent extent = Extent::kSampled;
  std::uint64_t executions = 0;        // begun, the failing one included
  std::uint64_t pruned = 0;            // of these, cut short as a repetition of another
  std::uint64_t steps = 0;
  double seconds = 0;
  std::uint32_t most_locations = 0;    // atomic locations of one execution
  std::uint32_t most_threads = 0;
  std::uint32_t longest_stale = 0;     // stale reads of one execution
  const char* failure = "";            // one line, until the next Explore
  const char* report = "";             // the failing interleaving, until the next Explore

  [[nodiscard]] bool clean() const { return !failed; }
};

// Runs `body(context)` options.executions times. Stops at the first failure, which is run again,
// shrunk, and described in result.report; and written to a file that replays it when the
// environment says where (ASHLAR_SCHEDULES names a folder).
//
// options.stop_threads: in each execution one thread stops for ever at one of its atomic accesses,
// another in each; all others must end nevertheless. Waiting for it in join is allowed; waiting for
// a lock that it holds, or spinning, is a failure, unless AllowBlocking() named the function.
// `file` and `line` name the exploration in schedules and tables.
Result Explore(const Options& options, void (*body)(void* context), void* context,
               const char* file, int line);

template <typename Body>
Result Explore(const Options& options, const Body& body, const char* file = __builtin_FILE(),
               int line = __builtin_LINE()) {
  struct Context {
    const Body& body;
  } context{body};
  return Explore(
      options, [](void* c) { static_cast<const Context*>(c)->body(); }, &context, file, line);
}

// Inside an execution: ends it as a failure.
[[noreturn]] void Fail(const char* file, int line, const char* what);

// A choice of the program, 0 .. n - 1, by the explorer; 0 outside an execution.
std::uint32_t Choose(std::uint32_t n);

// A place where the calling thread does what others wait for: it may be passed over for long.
// Outside an execution nothing.
void Pause();

// The function whose name contains `name` is documented to block: for stop_threads. The text must
// live on. Returns how often that excused a thread, so that a test can demand it.
void AllowBlocking(const char* name);
[[nodiscard]] std::uint64_t BlockedByDeclaration();

// A note of the body that outlives its execution: `text` is counted, at most 47 characters. For
// tables of outcomes.
void NoteOutcome(const char* text);
struct Outcome {
  char text[48];
  std::uint64_t count;
};
// The outcomes noted since the last ClearOutcomes(), sorted by text. At most 256 are kept.
[[nodiscard]] const Outcome* Outcomes(std::size_t* count);
void ClearOutcomes();

}  // namespace ashlar::explorer

// Ends the execution as a failure if the condition does not hold.
#define ASHLAR_REQUIRE(condition)                                             \
  do {                                                                        \
    if (!(condition)) ::ashlar::explorer::Fail(__FILE__, __LINE__, #condition); \
  } while (false)

#endif  // ASHLAR_STRESS_EXPLORER_EXPLORE_H_
