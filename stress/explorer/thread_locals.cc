#include "stress/explorer/thread_locals.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <cstddef>
#include <cstdint>

#include "stress/explorer/active.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/heap.h"
#include "stress/explorer/real.h"

namespace std {
extern __thread void* __once_callable;
extern __thread void (*__once_call)();
}  // namespace std

// Where code looks for its thread's rseq area (glibc 2.35), relative to the thread pointer. The
// area that fibers find is ours, whether they share a thread pointer or not.
extern "C" {
std::ptrdiff_t __rseq_offset = 0;
}

namespace ashlar::explorer {
namespace {

// What the compiler makes of a thread_local variable.
struct Control {
  std::size_t size;
  std::size_t alignment;
  std::uintptr_t index;  // ours to use; 0 at first
  const void* initial;   // null: zeros
};

struct RestartableArea {
  std::uint32_t processor_at_start;
  std::uint32_t processor;
  std::uint32_t rest[6];
};
RestartableArea g_area;

constexpr unsigned kProcessors = 2;

std::uintptr_t g_variables;  // thread-locals met so far
pthread_key_t g_host_key;    // copies of threads that are no fibers

// Keys of an execution. Those that are older, or in a variable of a library's, which makes it but once,
// are the C library's and stay; their values are each fiber's own all the same.
struct Key {
  bool used;
  unsigned older;  // its number; kNotOlder: the body made it
  void (*destructor)(void*);
};
constexpr unsigned kNotOlder = UINT_MAX;
Key g_keys[Fiber::kMaxKeys];
unsigned g_key_count;

struct OlderKey {
  std::uint8_t slot;  // in g_keys, and 1; 0: this execution has not used it
  void (*destructor)(void*);
};
OlderKey g_older[PTHREAD_KEYS_MAX];
static_assert(Fiber::kMaxKeys < 255 && PTHREAD_KEYS_MAX <= kFirstKey);

// The place of a key's values in each fiber; kMaxKeys: there is none.
unsigned SlotOf(pthread_key_t key) {
  if (key >= kFirstKey) {
    const unsigned slot = key - kFirstKey;
    return slot < g_key_count && g_keys[slot].used ? slot : Fiber::kMaxKeys;
  }
  return key < PTHREAD_KEYS_MAX && g_older[key].slot != 0 ? g_older[key].slot - 1U : Fiber::kMaxKeys;
}

unsigned MakeSlot(unsigned older, void (*destructor)(void*)) {
  if (g_key_count == Fiber::kMaxKeys) return Fiber::kMaxKeys;
  g_keys[g_key_count] = {true, older, destructor};
  return g_key_count++;
}

unsigned MakeSlotOfOlder(pthread_key_t key) {
  if (key >= PTHREAD_KEYS_MAX) return Fiber::kMaxKeys;
  const unsigned slot = MakeSlot(key, g_older[key].destructor);
  if (slot != Fiber::kMaxKeys) g_older[key].slot = static_cast<std::uint8_t>(slot + 1);
  return slot;
}

void Fill(void* copy, const Control& control) {
  if (control.initial != nullptr) {
    memcpy(copy, control.initial, control.size);
  } else {
    memset(copy, 0, control.size);
  }
}

void* OfFiber(Fiber& fiber, Control& control) {
  if (control.index >= Fiber::kMaxThreadLocals) Die("more than %u thread_local variables", Fiber::kMaxThreadLocals);
  Fiber::ThreadLocal& slot = fiber.thread_locals[control.index];
  if (slot.life == fiber.lives) [[likely]] return slot.address;
  const std::uintptr_t address =
      (fiber.thread_local_top + control.alignment - 1) & ~(control.alignment - 1);
  if (address + control.size > StackOf(fiber.id) + kThreadLocalBytes) {
    Die("more than %zu bytes of thread_local variables", kThreadLocalBytes);
  }
  fiber.thread_local_top = address + control.size;
  slot = {reinterpret_cast<void*>(address), fiber.lives};
  Fill(slot.address, control);
  return slot.address;
}

// A real thread's: a table that grows, kept until the process ends.
void* OfThread(Control& control) {
  auto* table = static_cast<void**>(pthread_getspecific(g_host_key));
  if (table == nullptr) {
    table = static_cast<void**>(calloc(Fiber::kMaxThreadLocals, sizeof(void*)));
    pthread_setspecific(g_host_key, table);
  }
  if (control.index >= Fiber::kMaxThreadLocals) abort();
  void*& copy = table[control.index];
  if (copy == nullptr) {
    const std::size_t alignment = control.alignment > 16 ? control.alignment : 16;
    copy = aligned_alloc(alignment, (control.size + alignment - 1) / alignment * alignment);
    Fill(copy, control);
  }
  return copy;
}

}  // namespace

void PlaceRestartableArea(std::uintptr_t thread_pointer) {
  __rseq_offset = reinterpret_cast<std::intptr_t>(&g_area) -
                  static_cast<std::intptr_t>(thread_pointer);
}

void InitializeThreadLocals() {
  PlaceRestartableArea(reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer()));
}

void ResetKeys() {
  for (unsigned i = 0; i < g_key_count; ++i) {
    if (g_keys[i].older != kNotOlder) g_older[g_keys[i].older].slot = 0;
    g_keys[i] = {};
  }
  g_key_count = 0;
}

void RunKeyDestructors(Fiber& fiber) {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    bool any = false;
    for (unsigned i = 0; i < g_key_count; ++i) {
      void* value = fiber.keys[i];
      if (value == nullptr || g_keys[i].destructor == nullptr) continue;
      fiber.keys[i] = nullptr;
      any = true;
      g_keys[i].destructor(value);
    }
    if (!any) return;
  }
}

void ShowProcessor(unsigned fiber) { g_area.processor_at_start = g_area.processor = fiber % kProcessors; }

}  // namespace ashlar::explorer

using namespace ashlar::explorer;  // NOLINT: what follows stands outside by its nature

extern "C" {

// libstdc++.so's own variables, as explored code names them. pthread_once hands them on.
Control once_callable_control asm("__emutls_v._ZSt15__once_callable") = {8, 8, 0, nullptr};
Control once_call_control asm("__emutls_v._ZSt11__once_call") = {8, 8, 0, nullptr};

void* __emutls_get_address(Control* control) {
  if (control == &once_callable_control) {
    return g_active ? &g_me->once_callable : &std::__once_callable;
  }
  if (control == &once_call_control) {
    return g_active ? reinterpret_cast<void*>(&g_me->once_call)
                    : reinterpret_cast<void*>(&std::__once_call);
  }
  if (control->index == 0) [[unlikely]] control->index = ++g_variables;
  if (g_active) return OfFiber(*g_me, *control);
  static const int created = pthread_key_create(&g_host_key, nullptr);
  static_cast<void>(created);
  return OfThread(*control);
}

int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) {
  const auto caller = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  if (!g_active || (OffsetOf(caller) == 0 && !IsInArena(key))) {
    const int error = ASHLAR_REAL(pthread_key_create)(key, destructor);
    if (error == 0 && *key < PTHREAD_KEYS_MAX) g_older[*key].destructor = destructor;
    return error;
  }
  const unsigned slot = MakeSlot(kNotOlder, destructor);
  if (slot == Fiber::kMaxKeys) return EAGAIN;
  *key = kFirstKey + slot;
  return 0;
}

int pthread_key_delete(pthread_key_t key) {
  if (!g_active) return ASHLAR_REAL(pthread_key_delete)(key);
  unsigned slot = SlotOf(key);
  if (slot == Fiber::kMaxKeys && key < kFirstKey) slot = MakeSlotOfOlder(key);
  if (slot == Fiber::kMaxKeys) return EINVAL;
  g_keys[slot].destructor = nullptr;  // an older one is there again in the next execution
  if (key >= kFirstKey && slot + 1 == g_key_count) {
    --g_key_count;
    for (unsigned id = 1; id < g_fiber_count; ++id) g_fibers[id].keys[slot] = nullptr;
  }
  return 0;
}

void* pthread_getspecific(pthread_key_t key) {
  if (!g_active) return ASHLAR_REAL(pthread_getspecific)(key);
  const unsigned slot = SlotOf(key);
  return slot != Fiber::kMaxKeys ? g_me->keys[slot] : nullptr;
}

int pthread_setspecific(pthread_key_t key, const void* value) {
  if (!g_active) return ASHLAR_REAL(pthread_setspecific)(key, value);
  unsigned slot = SlotOf(key);
  if (slot == Fiber::kMaxKeys && key < kFirstKey) slot = MakeSlotOfOlder(key);
  if (slot == Fiber::kMaxKeys) return EINVAL;
  g_me->keys[slot] = const_cast<void*>(value);
  return 0;
}

int sched_getcpu() {
  if (!g_active) return ASHLAR_REAL(sched_getcpu)();
  return static_cast<int>(g_area.processor);
}
}
