// guarded_bytes.h - memory for a heap, with a margin on both sides that nobody may write.
#ifndef ASHLAR_LIB_HEAP_TESTING_GUARDED_BYTES_H_
#define ASHLAR_LIB_HEAP_TESTING_GUARDED_BYTES_H_

#include <cstddef>
#include <memory>

namespace ashlar::testing {

class GuardedBytes {
 public:
  // `size_bytes` of 0xee that begin `shift` bytes after a multiple of 4 KiB.
  explicit GuardedBytes(std::size_t size_bytes, std::size_t shift = 0);

  [[nodiscard]] void* start() const { return start_; }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] void* At(std::size_t offset) const { return start_ + offset; }

  // Nothing was written before or behind the memory.
  [[nodiscard]] bool MarginsAreIntact() const;
  // Nothing was written to the memory either.
  [[nodiscard]] bool IsUntouched() const;

 private:
  static constexpr std::size_t kMargin = 64 << 10;

  std::size_t size_bytes_;
  std::size_t all_bytes_;
  std::unique_ptr<unsigned char[]> all_;
  unsigned char* start_;
};

}  // namespace ashlar::testing

#endif  // ASHLAR_LIB_HEAP_TESTING_GUARDED_BYTES_H_
