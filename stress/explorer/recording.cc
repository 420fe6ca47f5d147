#include "stress/explorer/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress/explorer/failure.h"
#include "stress/explorer/limits.h"
#include "stress/explorer/progress.h"
#include "stress/explorer/report.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {
namespace {

constexpr char kFirstLine[] = "ashlar-schedule 1\n";
constexpr std::size_t kMaxLine = 2 * std::size_t{kMaxChoices} + 64;

// The explorations of the process so far, by line.
struct Line {
  const char* file;
  int line;
  unsigned count;
};
constexpr unsigned kMaxLines = 1024;
Line* g_lines;

// A replay file, read.
struct Replay {
  char exploration[256];
  unsigned victim, victim_at;
  std::uint8_t* bytes;
  std::size_t count;
};
Replay g_replay;

[[noreturn]] void Refuse(const char* path, unsigned line, const char* what) {
  fprintf(stderr, "%s:%u: %s\n", path, line, what);
  _exit(2);
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void ReadBytes(const char* path, unsigned line, const char* text) {
  const std::size_t length = strcspn(text, "\n");
  if (text[length] != '\n') Refuse(path, line, "the line of bytes is cut off");
  if (length % 2 != 0) Refuse(path, line, "half a byte at the end");
  g_replay.bytes = NewTable<std::uint8_t>(length / 2 + 1);
  for (std::size_t i = 0; i < length; i += 2) {
    const int high = DigitOf(text[i]);
    const int low = DigitOf(text[i + 1]);
    if (high < 0 || low < 0) Refuse(path, line, "what is no hexadecimal digit among the bytes");
    g_replay.bytes[g_replay.count++] = static_cast<std::uint8_t>(high * 16 + low);
  }
}

void ReadReplay(const char* path) {
  FILE* file = fopen(path, "r");
  if (file == nullptr) Refuse(path, 0, "cannot be opened");
  char* text = NewTable<char>(kMaxLine);
  unsigned line = 1;
  if (fgets(text, kMaxLine, file) == nullptr || strcmp(text, kFirstLine) != 0) {
    Refuse(path, line, "not a schedule: the first line must be \"ashlar-schedule 1\"");
  }
  while (++line, fgets(text, kMaxLine, file) != nullptr) {
    if (sscanf(text, "exploration %255s", g_replay.exploration) == 1) continue;
    if (sscanf(text, "victim %u %u", &g_replay.victim, &g_replay.victim_at) == 2) continue;
    if (strncmp(text, "bytes ", 6) == 0) {
      ReadBytes(path, line, text + 6);
      fclose(file);
      if (g_replay.exploration[0] == '\0') Refuse(path, line, "no exploration is named");
      return;
    }
    if (strncmp(text, "target ", 7) != 0 && strncmp(text, "failure ", 8) != 0) {
      Refuse(path, line, "an unknown word");
    }
  }
  Refuse(path, line, "the line of bytes is missing");
}

// file:line#n, as part of a file's name.
void NameFile(const char* name, char* path, std::size_t size) {
  const char* folder = getenv("ASHLAR_SCHEDULES");
  if (folder == nullptr) folder = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (folder == nullptr) {
    path[0] = '\0';
    return;
  }
  const char* base = strrchr(name, '/');
  snprintf(path, size, "%s/%s.schedule", folder, base != nullptr ? base + 1 : name);
  for (char* p = path + strlen(folder); *p != '\0'; ++p) {
    if (*p == ':' || *p == '#') *p = '-';
  }
}

// Bazel packs what a test leaves into an archive, at a place that the user knows.
const char* PathOutside(char* path, std::size_t size) {
  const char* target = getenv("TEST_TARGET");
  const char* colon = target != nullptr ? strchr(target, ':') : nullptr;
  if (getenv("ASHLAR_SCHEDULES") != nullptr || colon == nullptr) return path;
  const char* package = strstr(target, "//");
  if (package == nullptr) return path;
  char shard[64] = "";
  const char* shards = getenv("TEST_TOTAL_SHARDS");
  if (shards != nullptr && atoi(shards) > 1) {
    snprintf(shard, sizeof shard, "/shard_%d_of_%d", atoi(getenv("TEST_SHARD_INDEX")) + 1,
             atoi(shards));
  }
  snprintf(path, size, "bazel-testlogs/%.*s/%s%s/test.outputs/outputs.zip",
           static_cast<int>(colon - package) - 2, package + 2, colon + 1, shard);
  return path;
}

}  // namespace

Recording KeepRecording() {
  static Recording kept[2];
  static unsigned which = 0;
  Recording& recording = kept[which++ % 2];
  if (recording.bytes == nullptr) {
    recording.bytes = NewTable<std::uint8_t>(kMaxChoices);
    recording.kinds = NewTable<Kind>(kMaxChoices);
  }
  recording.count = g_choices.recorded;
  memcpy(recording.bytes, g_choices.values, recording.count);
  memcpy(recording.kinds, g_choices.kinds, recording.count);
  return recording;
}

void NameExploration(const char* file, int line, char* name, std::size_t size) {
  if (g_lines == nullptr) g_lines = NewTable<Line>(kMaxLines);
  unsigned i = 0;
  while (i + 1 < kMaxLines && g_lines[i].file != nullptr &&
         (g_lines[i].line != line || strcmp(g_lines[i].file, file) != 0)) {
    ++i;
  }
  g_lines[i].file = file;
  g_lines[i].line = line;
  snprintf(name, size, "%s:%d#%u", file, line, g_lines[i].count++);
}

void WriteSchedule(const char* name, const Recording& recording) {
  char path[512];
  NameFile(name, path, sizeof path);
  if (path[0] == '\0') return;
  FILE* file = fopen(path, "w");
  if (file == nullptr) return;
  const char* target = getenv("TEST_TARGET");
  fprintf(file, "%starget %s\nexploration %s\nfailure %s\n", kFirstLine,
          target != nullptr ? target : "-", name, g_failure.text);
  if (g_progress.victim != 0) fprintf(file, "victim %u %u\n", g_progress.victim, g_progress.victim_at);
  fprintf(file, "bytes ");
  for (std::uint32_t i = 0; i < recording.count; ++i) fprintf(file, "%02x", recording.bytes[i]);
  fprintf(file, "\n");
  fclose(file);
  AddToReport("\n  replay: ./ashlar replay %s\n", PathOutside(path, sizeof path));
}

bool ReplayIsAsked() {
  const char* path = getenv("ASHLAR_REPLAY");
  if (path == nullptr) return false;
  if (g_replay.bytes == nullptr) {
    ReadReplay(path);
    atexit([] {
      fprintf(stderr, "%s: the program has no exploration %s (any more)\n", getenv("ASHLAR_REPLAY"),
              g_replay.exploration);
      _exit(2);
    });
  }
  return true;
}

bool IsReplayOf(const char* name) { return strcmp(name, g_replay.exploration) == 0; }

void ReplayAndExit(const Body& body, const Options& options) {
  g_progress.victim = g_replay.victim;
  g_progress.victim_at = g_replay.victim_at;
  Options replayed = options;
  replayed.bytes = g_replay.bytes;
  replayed.byte_count = g_replay.count;
  RunFromFile(body, replayed);
  printf("%s", HasFailed() ? WriteReport() : "the schedule does not fail (any more)\n");
  fflush(stdout);
  _exit(HasFailed() ? 1 : 0);
}

}  // namespace ashlar::explorer
