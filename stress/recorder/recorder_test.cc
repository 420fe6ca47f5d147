// Records a program with threads, fork, exec and hostile descriptors, and reads what came of it.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "stress/trace/call.h"
#include "stress/trace/line.h"
#include "stress/trace/trace.h"
#include "stress/trace/trace_reader.h"

namespace ashlar::stress {
namespace {

constexpr char kRecorder[] = "stress/recorder/libashlar_recorder.so";
constexpr char kProgram[] = "stress/recorder/recorded_program";
constexpr std::uint64_t kLeastCalls = 80'000;  // of the program's four threads

std::string Absolute(const std::string& path) { return std::filesystem::absolute(path).string(); }

// Runs the program under the recorder; its status as waitpid() tells it. `mode` may be empty.
int Record(const std::string& trace, std::string mode = "") {
  std::string program = Absolute(kProgram);
  std::string preload = absl::StrCat("LD_PRELOAD=", Absolute(kRecorder));
  std::string variable = absl::StrCat("ASHLAR_TRACE=", trace);
  char* const arguments[] = {program.data(), mode.empty() ? nullptr : mode.data(), nullptr};
  // One arena without caches: what one thread frees another gets at once.
  std::string arena = "MALLOC_ARENA_MAX=1";
  std::string cache = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";
  char* const environment[] = {preload.data(), variable.data(), arena.data(), cache.data(),
                               nullptr};
  pid_t child = -1;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environment), 0);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Live blocks as intervals of real addresses: a free that was written after another thread had got
// the memory, or a realloc between wrong lines, makes two of them overlap.
class LiveBlocks {
 public:
  testing::AssertionResult Apply(const Call& call) {
    switch (call.verb) {
      case Verb::kMalloc:
      case Verb::kMemalign:
        return Begin(call.pointer, call.size_bytes);
      case Verb::kCalloc:
        return Begin(call.pointer, call.count * call.size_bytes);
      case Verb::kRealloc:
        if (call.pointer == 0 && call.size_bytes != 0) break;
        blocks_.erase(call.old_pointer);
        return Begin(call.pointer, call.size_bytes);
      case Verb::kFree:
        blocks_.erase(call.pointer);
        break;
      case Verb::kThreadDone:
        break;
    }
    return testing::AssertionSuccess();
  }

 private:
  testing::AssertionResult Begin(std::uint64_t start, std::uint64_t size_bytes) {
    if (start == 0) return testing::AssertionSuccess();
    const std::uint64_t end = start + std::max<std::uint64_t>(size_bytes, 1);
    const auto next = blocks_.lower_bound(start);
    if (next != blocks_.end() && next->first < end) {
      return testing::AssertionFailure() << "overlaps the block at " << next->first;
    }
    if (next != blocks_.begin() && std::prev(next)->second > start) {
      return testing::AssertionFailure() << "overlaps the block at " << std::prev(next)->first;
    }
    blocks_[start] = end;
    return testing::AssertionSuccess();
  }

  std::map<std::uint64_t, std::uint64_t> blocks_;  // start to end
};

void ExpectOrderThatHappened(const std::string& path) {
  LiveBlocks blocks;
  std::size_t number = 0;
  for (const std::string& line : LinesOf(path)) {
    ++number;
    const absl::StatusOr<Call> call = ParseLine(line);
    ASSERT_TRUE(call.ok()) << path << ":" << number << ": " << call.status();
    ASSERT_TRUE(blocks.Apply(*call)) << path << ":" << number << ": " << line;
  }
}

Trace ExpectTrace(const std::string& path) {
  absl::StatusOr<Trace> trace = ReadTrace(path);
  EXPECT_TRUE(trace.ok()) << path << ": " << trace.status();
  ExpectOrderThatHappened(path);
  return *std::move(trace);
}

class Recorder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = absl::StrCat(testing::TempDir(), "/recorder_", getpid());
    std::filesystem::create_directory(folder_);
    base_ = folder_ + "/trace";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The files of the program's children, in the order of their names.
  std::vector<std::string> OtherFiles() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path() != base_) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  std::string folder_;
  std::string base_;
};

TEST_F(Recorder, AProgramWithThreadsAndChildrenBecomesTracesThatHappened) {
  ASSERT_EQ(Record(base_), 0);

  const Trace first = ExpectTrace(base_);
  EXPECT_GE(first.summary().calls, kLeastCalls);
  EXPECT_EQ(first.thread_count(), 5u);
  EXPECT_GE(first.summary().freed_by_another_thread, 1000u);
  EXPECT_EQ(first.summary().failed_calls, 4u);
  const auto is_done = [](const LifeEvent& event) { return event.kind == LifeEvent::Kind::kDone; };
  EXPECT_EQ(std::count_if(first.life().begin(), first.life().end(), is_done), 4);

  // One child that forked only; one that forked, and then executed.
  const std::vector<std::string> others = OtherFiles();
  ASSERT_EQ(others.size(), 3u);
  const std::vector<std::string> parent_lines = LinesOf(base_);
  int inheriting = 0;
  int executed = 0;
  for (const std::string& file : others) {
    const Trace trace = ExpectTrace(file);
    const std::vector<std::string> lines = LinesOf(file);
    if (lines[0] != parent_lines[0]) {
      ++executed;
      EXPECT_GE(trace.summary().calls, 200u);
      EXPECT_LT(trace.summary().calls, kLeastCalls);
      EXPECT_TRUE(absl::EndsWith(file, ".2")) << file;
      continue;
    }
    ++inheriting;
    const auto [own, theirs] =
        std::mismatch(lines.begin(), lines.end(), parent_lines.begin(), parent_lines.end());
    EXPECT_GE(own - lines.begin(), static_cast<std::ptrdiff_t>(kLeastCalls));
    EXPECT_NE(own, lines.end()) << "the child has no calls of its own";
  }
  EXPECT_EQ(inheriting, 2);
  EXPECT_EQ(executed, 1);
}

TEST_F(Recorder, AThreadThatTheCLibraryClearsUpAfterHasEndedAllTheSame) {
  ASSERT_EQ(Record(base_, "farewells"), 0);
  const TraceSummary summary = ExpectTrace(base_).summary();
  EXPECT_GE(summary.calls, 400u);
  EXPECT_EQ(summary.most_threads, 2u);  // the main one and one other
}

TEST_F(Recorder, AnExistingFileIsNotTouched) {
  std::ofstream(base_) << "precious\n";
  ASSERT_EQ(Record(base_), 0);
  EXPECT_EQ(LinesOf(base_), std::vector<std::string>{"precious"});
  EXPECT_EQ(OtherFiles().size(), 4u);
}

TEST_F(Recorder, WithoutANameNothingIsRecorded) {
  ASSERT_EQ(Record(""), 0);
  EXPECT_TRUE(OtherFiles().empty());
}

TEST_F(Recorder, AFileThatCannotBeMadeDoesNotHarmTheProgram) {
  EXPECT_EQ(Record("/no/such/folder/trace"), 0);
}

TEST_F(Recorder, AFullDiskLeavesWholeLines) {
  // /dev/full cannot be made anew, so the limit on a file's size stands in for the disk's.
  rlimit old_limit{};
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const rlimit limit{.rlim_cur = 100'001, .rlim_max = old_limit.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  const int status = Record(base_);
  setrlimit(RLIMIT_FSIZE, &old_limit);
  ASSERT_EQ(status, 0);
  EXPECT_GE(ExpectTrace(base_).summary().calls, 1000u);
}

}  // namespace
}  // namespace ashlar::stress
