#include "ashlar/failure.h"

#include <cstddef>

#include "ashlar/internal/base/bits.h"

namespace ashlar {
namespace {

// A line under construction, in storage of its own: Fail() may not allocate.
class Line {
 public:
  void Append(const char* text) {
    while (*text != '\0' && size_ < sizeof text_) text_[size_++] = *text++;
  }
  void AppendHex(std::uintptr_t value) {
    Append("0x");
    const unsigned digits = value == 0 ? 1 : internal::FloorLog2(value) / 4 + 1;
    for (unsigned i = digits; i-- > 0;) {
      const char digit[] = {"0123456789abcdef"[(value >> (4 * i)) & 15], '\0'};
      Append(digit);
    }
  }
  const char* text() const { return text_; }
  std::size_t size() const { return size_; }

 private:
  char text_[128];
  std::size_t size_ = 0;
};

}  // namespace

extern "C" [[gnu::weak, noreturn]] void ashlar_end_process(const char*, std::size_t) {
  __builtin_trap();
}

const char* FailureName(Failure failure) noexcept {
  switch (failure) {
    case Failure::kDoubleFree:
      return "double free";
    case Failure::kForeignPointer:
      return "free of a pointer that is no block of this allocator";
    case Failure::kWrongSize:
      return "sized free with a size that the block cannot have";
    case Failure::kInvariantBroken:
      return "invariant broken";
  }
  return "unknown failure";
}

[[gnu::cold]] void Fail(Failure failure, const void* address) noexcept {
  Line line;
  line.Append("ashlar: ");
  line.Append(FailureName(failure));
  line.Append(": ");
  line.AppendHex(internal::AddressOf(address));
  line.Append("\n");
  ashlar_end_process(line.text(), line.size());
}

}  // namespace ashlar
