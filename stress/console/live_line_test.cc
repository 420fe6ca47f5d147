#include "stress/console/live_line.h"

#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

Progress At(double seconds) {
  return {.scenario = "heap",
          .seconds = seconds,
          .events = 1'234'567,
          .events_per_second = 45'678,
          .threads = 4,
          .live_bytes = 3 << 20,
          .footprint_bytes = 5 << 20};
}

TEST(LiveLine, EverythingIsOnOneLine) {
  EXPECT_EQ(FormatProgress(At(1.25)),
            "heap  1.2 s  1.23 M calls  45.7 k/s  threads 4  live 3.0 MiB  footprint 5.0 MiB");
}

TEST(LiveLine, AFileGetsFewPlainLines) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  LiveLine line(file);
  for (int i = 0; i < 100; ++i) line.Report(At(i * 0.25));
  line.Clear();
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  EXPECT_EQ(text, FormatProgress(At(10)) + "\n" + FormatProgress(At(20)) + "\n");
}

}  // namespace
}  // namespace ashlar::stress
