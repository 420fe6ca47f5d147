#include "stress/recorder/text_line.h"

namespace ashlar::stress {

TextLine& TextLine::Text(const char* text) {
  while (*text != '\0' && size_ < kMostBytes) text_[size_++] = *text++;
  return *this;
}

TextLine& TextLine::Decimal(std::uint64_t value) {
  Digits(value, 10);
  return *this;
}

TextLine& TextLine::Pointer(const void* pointer) {
  Text("0x");
  Digits(reinterpret_cast<std::uintptr_t>(pointer), 16);
  return *this;
}

void TextLine::Digits(std::uint64_t value, unsigned base) {
  char digits[21];
  char* first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  Text(first);
}

}  // namespace ashlar::stress
