#include "stress/recorder/text_line.h"

#include <string>

#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

std::string StringOf(const TextLine& line) { return std::string(line.data(), line.size()); }

TEST(TextLine, WordsAndNumbersFollowEachOther) {
  TextLine line;
  line.Decimal(28931).Text(": malloc ").Pointer(reinterpret_cast<void*>(0x5615a442c2a0)).Text(" ");
  EXPECT_EQ(StringOf(line.Decimal(0)), "28931: malloc 0x5615a442c2a0 0");
  TextLine null;
  EXPECT_EQ(StringOf(null.Text("free ").Pointer(nullptr)), "free 0x0");
}

TEST(TextLine, TheLargestCallFits) {
  TextLine line;
  line.Decimal(~std::uint32_t{0}).Text(": memalign ");
  line.Pointer(reinterpret_cast<void*>(~std::uintptr_t{0})).Text(" ");
  line.Decimal(~std::uint64_t{0}).Text(" ").Decimal(~std::uint64_t{0}).Text("\n");
  EXPECT_EQ(StringOf(line),
            "4294967295: memalign 0xffffffffffffffff 18446744073709551615 18446744073709551615\n");
}

}  // namespace
}  // namespace ashlar::stress
