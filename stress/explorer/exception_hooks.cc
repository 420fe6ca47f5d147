// exception_hooks.cc - exceptions that several threads hold. libstdc++.so counts those who do, by
// operations of its own that no rebuilding shows; without the edges between them, whoever lets go
// last would seem to destroy what others still look at.
#include <cxxabi.h>

#include <cstdint>

#include "stress/explorer/active.h"
#include "stress/explorer/real.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/sync_object.h"

using namespace ashlar::explorer;  // NOLINT: everything here stands outside by its nature

namespace {

// What the C++ runtime puts in front of an exception (libsupc++'s unwind-cxx.h).
struct Header {
  void* primary;  // of a dependent one, which rethrowing makes: the exception itself. Else its type
  void* functions[3];
  Header* next;
  int handlers;  // that are in the middle of it; negative: it is being rethrown
  int rest[9];
  alignas(16) std::uint64_t kind;  // "GNUCC++", then 0, or 1 if dependent
  std::uint64_t unwinding[3];
};
static_assert(sizeof(Header) == 112);

constexpr std::uint64_t kGnuException = 0x474e5543432b2b00;

// The number of its holders stands in front of all that.
const volatile int& HoldersOf(const void* exception) {
  const auto* start = static_cast<const char*>(exception) - sizeof(Header) - 16;
  return *reinterpret_cast<const volatile int*>(start);
}

// The running thread is about to take one off the count, with acq_rel.
void LetGo(const void* exception) {
  const auto address = reinterpret_cast<std::uintptr_t>(exception);
  if (HoldersOf(exception) > 1) Step(address, true);
  if (HoldersOf(exception) > 1) {
    SyncObject& object = SyncObjectAt(address);
    AcquireFrom(object);
    ReleaseInto(object);
  } else if (const SyncObject* object = FindSyncObject(address)) {
    AcquireFrom(*object);
    ForgetSyncObject(address);
  }
}

}  // namespace

extern "C" {

void ReleaseExceptionPointer(void** pointer)
    asm("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
void ReleaseExceptionPointer(void** pointer) {
  if (g_active && *pointer != nullptr) LetGo(*pointer);
  using Function = void (*)(void**);
  reinterpret_cast<Function>(
      ASHLAR_REAL_SYMBOL("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv"))(pointer);
}

void __cxa_end_catch() {
  if (g_active) {
    const Header* header = *reinterpret_cast<Header**>(abi::__cxa_get_globals());
    if (header != nullptr && (header->kind & ~std::uint64_t{0xff}) == kGnuException &&
        header->handlers == 1) {
      LetGo((header->kind & 1) != 0 ? header->primary : header + 1);
    }
  }
  reinterpret_cast<void (*)()>(ASHLAR_REAL_SYMBOL("__cxa_end_catch"))();
}
}
