#include "stress/trace/line.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ashlar::stress {
namespace {

constexpr std::size_t kLongestQuoteBytes = 32;

std::string Quote(absl::string_view text) {
  const bool cut = text.size() > kLongestQuoteBytes;
  return absl::StrCat("'", absl::CHexEscape(text.substr(0, kLongestQuoteBytes)),
                      cut ? "...'" : "'");
}

enum class NumberFault { kNone, kNoNumber, kTooLarge };

NumberFault ParseDigits(absl::string_view digits, unsigned base, std::uint64_t& value) {
  if (digits.empty()) return NumberFault::kNoNumber;
  std::uint64_t sum = 0;
  for (const char c : digits) {
    unsigned digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit >= base) return NumberFault::kNoNumber;
    if (__builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum)) {
      return NumberFault::kTooLarge;
    }
  }
  value = sum;
  return NumberFault::kNone;
}

// Takes the words of a line one after the other; the first fault is kept, and what comes after it
// is zero.
class Words {
 public:
  explicit Words(absl::string_view line) : rest_(line) {}

  absl::string_view Next(absl::string_view what) {
    if (rest_.data() == nullptr) {
      Fault(absl::StrCat("the ", what, " is missing"));
      return {};
    }
    const std::size_t space = rest_.find(' ');
    const absl::string_view word = rest_.substr(0, space);
    rest_ = space == rest_.npos ? absl::string_view() : rest_.substr(space + 1);
    if (word.empty()) Fault(absl::StrCat("the ", what, " is missing"));
    return word;
  }

  std::uint64_t NextDecimal(absl::string_view what) {
    return Number(what, Next(what), 10, "decimal number");
  }

  std::uint64_t NextPointer(absl::string_view what) {
    const absl::string_view word = Next(what);
    if (!failed() && !absl::StartsWith(word, "0x")) {
      Fault(absl::StrCat(what, " ", Quote(word), " does not begin with 0x"));
    }
    return failed() ? 0 : Number(what, word.substr(2), 16, "hexadecimal number");
  }

  std::uint32_t NextThread() {
    absl::string_view word = Next("thread");
    if (!failed() && !absl::EndsWith(word, ":")) {
      Fault(absl::StrCat("no line of a trace: ", Quote(word), " is no 'thread:'"));
    }
    if (failed()) return 0;
    word.remove_suffix(1);
    const std::uint64_t id = Number("thread", word, 10, "decimal number");
    if (id > std::numeric_limits<std::uint32_t>::max()) {
      Fault(absl::StrCat("thread ", Quote(word), " is too large"));
    }
    return static_cast<std::uint32_t>(id);
  }

  void End() {
    if (!failed() && rest_.data() != nullptr) {
      Fault(absl::StrCat(Quote(rest_), " follows the end of the call"));
    }
  }

  void Fault(std::string text) {
    if (!failed()) fault_ = std::move(text);
  }
  bool failed() const { return fault_.has_value(); }
  absl::Status status() const {
    return failed() ? absl::InvalidArgumentError(*fault_) : absl::OkStatus();
  }

 private:
  std::uint64_t Number(absl::string_view what, absl::string_view word, unsigned base,
                       absl::string_view kind) {
    std::uint64_t value = 0;
    if (failed()) return value;
    switch (ParseDigits(word, base, value)) {
      case NumberFault::kNone:
        break;
      case NumberFault::kTooLarge:
        Fault(absl::StrCat(what, " ", Quote(word), " does not fit in 64 bits"));
        break;
      case NumberFault::kNoNumber: {
        std::uint64_t magnitude = 0;
        const bool is_negative =
            absl::StartsWith(word, "-") &&
            ParseDigits(word.substr(1), base, magnitude) != NumberFault::kNoNumber;
        Fault(absl::StrCat(what, " ", Quote(word), is_negative ? " is negative" : " is no ",
                           is_negative ? "" : kind));
        break;
      }
    }
    return value;
  }

  absl::string_view rest_;  // data() is null once the last word was taken
  std::optional<std::string> fault_;
};

std::optional<Verb> FindVerb(absl::string_view word) {
  for (const Verb verb : {Verb::kFree, Verb::kMalloc, Verb::kRealloc, Verb::kCalloc,
                          Verb::kMemalign, Verb::kThreadDone}) {
    if (word == VerbName(verb)) return verb;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Call> ParseLine(absl::string_view line) {
  if (line.empty()) return absl::InvalidArgumentError("the line is empty");
  if (line.size() > kLongestLineBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the line is longer than ", kLongestLineBytes, " bytes"));
  }
  Words words(line);
  Call call;
  call.thread_id = words.NextThread();
  const absl::string_view word = words.Next("verb");
  const std::optional<Verb> verb = FindVerb(word);
  if (!verb) words.Fault(absl::StrCat("unknown verb ", Quote(word)));
  if (words.failed()) return words.status();
  call.verb = *verb;
  call.pointer = words.NextPointer("pointer");
  switch (call.verb) {
    case Verb::kMalloc:
      call.size_bytes = words.NextDecimal("size");
      break;
    case Verb::kCalloc:
      call.count = words.NextDecimal("count");
      call.size_bytes = words.NextDecimal("size");
      break;
    case Verb::kMemalign:
      call.alignment = words.NextDecimal("alignment");
      call.size_bytes = words.NextDecimal("size");
      break;
    case Verb::kRealloc:
      call.old_pointer = words.NextPointer("old pointer");
      call.size_bytes = words.NextDecimal("size");
      break;
    case Verb::kThreadDone:
      if (call.pointer != 0) words.Fault("thread_done takes the pointer 0x0");
      break;
    case Verb::kFree:
      break;
  }
  words.End();
  if (words.failed()) return words.status();
  return call;
}

}  // namespace ashlar::stress
