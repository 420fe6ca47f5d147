// AroundFork while the system is told: others wait, and what comes from within does not.
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "ashlar/internal/os/threads.h"
#include "gtest/gtest.h"

namespace ashlar::internal::os {
namespace {

std::atomic<bool> g_is_slow{false};
std::atomic<bool> g_is_inside{false};
std::atomic<bool> g_is_told{false};
AroundFork* g_from_within = nullptr;
int g_prepared = 0;

TEST(AroundFork, NobodyIsBehindItBeforeTheSystemKnows) {
  static constinit AroundFork slow([] {}, [] {}, [] {});
  g_is_slow = true;
  std::thread first([] { slow.Begin(); });
  while (!g_is_inside) std::this_thread::yield();
  slow.Begin();
  EXPECT_TRUE(g_is_told);
  first.join();
  g_is_slow = false;
}

TEST(AroundFork, ACallFromWithinReturnsAndTheNextOneDoesIt) {
  static constinit AroundFork outer([] { ++g_prepared; }, [] {}, [] {});
  static constinit AroundFork inner([] { ++g_prepared; }, [] {}, [] {});
  g_from_within = &inner;
  outer.Begin();
  g_from_within = &inner;
  inner.Begin();
  g_from_within = nullptr;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(g_prepared, 2);
}

}  // namespace
}  // namespace ashlar::internal::os

// What glibc's pthread_atfork calls.
extern "C" int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                 void* object);
extern "C" int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                 void* object) {
  namespace os = ashlar::internal::os;
  using Register = int (*)(void (*)(), void (*)(), void (*)(), void*);
  static const auto system = reinterpret_cast<Register>(dlsym(RTLD_NEXT, "__register_atfork"));
  if (os::g_from_within != nullptr) os::g_from_within->Begin();
  os::g_is_inside = true;
  // Time for others to overtake it.
  for (int i = 0; os::g_is_slow && i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const int result = system(prepare, parent, child, object);
  os::g_is_told = true;
  return result;
}
