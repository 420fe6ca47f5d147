#include "stress/recorder/next_malloc.h"

#include <dlfcn.h>

#include <cstdint>

namespace ashlar::stress {
namespace {

constexpr std::size_t kEarlyBytes = 64 * 1024;
constexpr std::size_t kAlignment = 16;

// One thread, see FindNextMalloc().
alignas(kAlignment) constinit char g_early[kEarlyBytes] = {};
constinit std::size_t g_early_used_bytes = 0;

enum class State { kNew, kSearching, kFound };
constinit State g_state = State::kNew;
constinit NextMalloc g_next = {};

template <typename Function>
void Find(const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

const NextMalloc* FindNextMalloc() {
  if (g_state == State::kFound) [[likely]]
    return &g_next;
  if (g_state == State::kSearching) return nullptr;
  g_state = State::kSearching;
  Find("malloc", g_next.malloc);
  Find("calloc", g_next.calloc);
  Find("realloc", g_next.realloc);
  Find("free", g_next.free);
  Find("memalign", g_next.memalign);
  Find("posix_memalign", g_next.posix_memalign);
  Find("aligned_alloc", g_next.aligned_alloc);
  g_state = State::kFound;
  return &g_next;
}

void* AllocateEarly(std::size_t size_bytes) {
  if (size_bytes > kEarlyBytes - g_early_used_bytes) return nullptr;
  char* const block = g_early + g_early_used_bytes;
  const std::size_t rounded = (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
  g_early_used_bytes += rounded == 0 ? kAlignment : rounded;
  if (g_early_used_bytes > kEarlyBytes) g_early_used_bytes = kEarlyBytes;
  return block;
}

bool IsEarly(const void* block) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const auto begin = reinterpret_cast<std::uintptr_t>(g_early);
  return address >= begin && address < begin + kEarlyBytes;
}

std::size_t EarlyBytesFrom(const void* block) {
  return static_cast<std::size_t>(g_early + kEarlyBytes - static_cast<const char*>(block));
}

}  // namespace ashlar::stress
