// faulty_malloc.cc - a malloc library to be loaded by path, with a fault that the environment names
// in FAULTY_MALLOC, or with none. For main_test.cc.
//
//   overlap     hands out a block that is live
//   crash       aborts
//   recursion   overflows its thread's stack
//
// Without a fault it is honest: blocks are slots of a power of two in one arena, aligned to their
// size up to a page, and freed slots are handed out again. A fault shows in one of kFaultEvery
// calls. One lock.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#define ASHLAR_EXPORT extern "C" [[gnu::visibility("default"), gnu::used]]

namespace {

constexpr std::size_t kArenaBytes = std::size_t{256} << 20;
constexpr std::size_t kLeastBytes = 64;
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kUnits = kArenaBytes / kLeastBytes;
constexpr int kFaultEvery = 50;

struct FreeSlot {
  FreeSlot* next;
};

alignas(kPageBytes) char g_arena[kArenaBytes];

// All under g_mutex.
std::mutex g_mutex;
std::size_t g_used_bytes = 0;
std::uint8_t g_log2_of[kUnits];  // of the slot that begins at a unit: its size
FreeSlot* g_free[64];            // by the logarithm of their size
char* g_last = nullptr;          // the last block that was handed out, while it is live
int g_calls = 0;

std::uint8_t& Log2Of(const void* block) {
  return g_log2_of[static_cast<std::size_t>(static_cast<const char*>(block) - g_arena) /
                   kLeastBytes];
}

bool IsPlanted(const char* fault) {
  static const char* const planted = std::getenv("FAULTY_MALLOC");
  return planted != nullptr && std::strcmp(planted, fault) == 0;
}

// Deeper than any stack. Stays a recursion in optimised code: each call looks at its caller's
// frame.
[[gnu::noinline]] int Recurse(volatile const char* caller, unsigned depth) {
  volatile char frame[256];
  frame[0] = caller[0];
  return depth == 0 ? 0 : Recurse(frame, depth - 1) + frame[0];
}

char* TakeSlot(unsigned log2) {
  if (g_free[log2] != nullptr) {
    FreeSlot* const slot = g_free[log2];
    g_free[log2] = slot->next;
    return reinterpret_cast<char*>(slot);
  }
  const std::size_t size_bytes = std::size_t{1} << log2;
  const std::size_t alignment = std::min(size_bytes, kPageBytes);
  const std::size_t at = (g_used_bytes + alignment - 1) / alignment * alignment;
  if (size_bytes > kArenaBytes || at > kArenaBytes - size_bytes) return nullptr;
  g_used_bytes = at + size_bytes;
  Log2Of(g_arena + at) = static_cast<std::uint8_t>(log2);
  return g_arena + at;
}

void* Place(std::size_t size_bytes, std::size_t alignment) {
  if (size_bytes > kArenaBytes || alignment > kPageBytes) return nullptr;
  const auto log2 = static_cast<unsigned>(
      std::countr_zero(std::bit_ceil(std::max({size_bytes, alignment, kLeastBytes}))));
  const std::lock_guard<std::mutex> lock(g_mutex);
  if (++g_calls >= kFaultEvery) {
    if (IsPlanted("crash")) std::abort();
    if (IsPlanted("recursion")) std::exit(Recurse(g_arena, ~0u));
    // The block that is live has room for the request: nothing is wrong but that it is live.
    if (IsPlanted("overlap") && g_last != nullptr && Log2Of(g_last) >= log2) {
      g_calls = 0;
      return g_last;
    }
  }
  return g_last = TakeSlot(log2);
}

// What realloc calls: a call of free itself would find the process's, not this library's.
void Return(void* block) {
  const std::lock_guard<std::mutex> lock(g_mutex);
  if (block == g_last) g_last = nullptr;
  FreeSlot*& first = g_free[Log2Of(block)];
  first = new (block) FreeSlot{first};
}

}  // namespace

ASHLAR_EXPORT void* malloc(std::size_t size_bytes) { return Place(size_bytes, 1); }

ASHLAR_EXPORT void free(void* block) {
  if (block != nullptr) Return(block);
}

ASHLAR_EXPORT void* calloc(std::size_t count, std::size_t size_bytes) {
  std::size_t all_bytes = 0;
  if (__builtin_mul_overflow(count, size_bytes, &all_bytes)) return nullptr;
  void* const block = Place(all_bytes, 1);
  return block == nullptr ? nullptr : std::memset(block, 0, all_bytes);
}

ASHLAR_EXPORT void* realloc(void* block, std::size_t size_bytes) {
  if (block == nullptr) return Place(size_bytes, 1);
  std::size_t old_bytes = 0;
  {
    const std::lock_guard<std::mutex> lock(g_mutex);
    old_bytes = std::size_t{1} << Log2Of(block);
    if (block == g_last) g_last = nullptr;  // it is on its way out
  }
  void* const now = Place(size_bytes, 1);
  if (now == nullptr) return nullptr;
  std::memcpy(now, block, std::min(old_bytes, size_bytes));
  Return(block);
  return now;
}

ASHLAR_EXPORT int posix_memalign(void** block, std::size_t alignment, std::size_t size_bytes) {
  *block = Place(size_bytes, alignment);
  return *block == nullptr ? 12 : 0;
}
