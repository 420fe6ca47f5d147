// text_line.h - one line of a trace under construction, in storage of its own: a recorder that
// stands inside malloc cannot allocate.
#ifndef ASHLAR_STRESS_RECORDER_TEXT_LINE_H_
#define ASHLAR_STRESS_RECORDER_TEXT_LINE_H_

#include <cstddef>
#include <cstdint>

namespace ashlar::stress {

class TextLine {
 public:
  // The longest line that the grammar knows has four words and two numbers more: some 90 bytes.
  static constexpr std::size_t kMostBytes = 128;

  // What does not fit is dropped.
  TextLine& Text(const char* text);
  TextLine& Decimal(std::uint64_t value);
  TextLine& Pointer(const void* pointer);  // 0x and hexadecimal digits; null: 0x0

  [[nodiscard]] const char* data() const { return text_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  void Digits(std::uint64_t value, unsigned base);

  char text_[kMostBytes];
  std::size_t size_ = 0;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_RECORDER_TEXT_LINE_H_
