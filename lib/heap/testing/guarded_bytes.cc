#include "lib/heap/testing/guarded_bytes.h"

#include <algorithm>
#include <cstdint>

#include "lib/heap/testing/block_pattern.h"

namespace ashlar::testing {
namespace {

constexpr std::uint64_t kMarginTag = 0x6d617267696e;
constexpr unsigned char kFresh = 0xee;  // not zero: a heap may not take memory for zeroed
constexpr std::size_t kPage = 4 << 10;

}  // namespace

GuardedBytes::GuardedBytes(std::size_t size_bytes, std::size_t shift)
    : size_bytes_(size_bytes),
      all_bytes_(size_bytes + 2 * kMargin + kPage),
      all_(new unsigned char[all_bytes_]) {
  const auto first = reinterpret_cast<std::uintptr_t>(all_.get()) + kMargin;
  start_ = all_.get() + kMargin + (kPage - first % kPage) % kPage + shift;
  FillBlock(all_.get(), static_cast<std::size_t>(start_ - all_.get()), kMarginTag);
  std::fill_n(start_, size_bytes, kFresh);
  unsigned char* end = start_ + size_bytes;
  FillBlock(end, static_cast<std::size_t>(all_.get() + all_bytes_ - end), kMarginTag);
}

bool GuardedBytes::MarginsAreIntact() const {
  const unsigned char* end = start_ + size_bytes_;
  return IsFilled(all_.get(), static_cast<std::size_t>(start_ - all_.get()), kMarginTag) &&
         IsFilled(end, static_cast<std::size_t>(all_.get() + all_bytes_ - end), kMarginTag);
}

bool GuardedBytes::IsUntouched() const {
  return MarginsAreIntact() && std::all_of(start_, start_ + size_bytes_,
                                           [](unsigned char byte) { return byte == kFresh; });
}

}  // namespace ashlar::testing
