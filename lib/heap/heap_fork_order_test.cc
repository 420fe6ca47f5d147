// In which order the locks of the layers are prepared for a fork, whoever comes first: what
// is prepared first is taken last, and so inside of the others, as it is at all other times.
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "ashlar/fixed_region.h"
#include "ashlar/heap.h"
#include "gtest/gtest.h"
#include "lib/slab/pool_directory.h"

namespace {

std::atomic<int> g_begun{0};
std::atomic<int> g_ended{0};
int g_order[8];  // the calls, in the order in which the system was done with them

}  // namespace

// What glibc's pthread_atfork calls. The first call is slow: others that can overtake it do.
extern "C" int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                 void* object);
extern "C" int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                 void* object) {
  using Register = int (*)(void (*)(), void (*)(), void (*)(), void*);
  static const auto system = reinterpret_cast<Register>(dlsym(RTLD_NEXT, "__register_atfork"));
  const int number = g_begun++;
  for (int i = 0; number == 0 && g_ended == 0 && i < 300; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const int result = system(prepare, parent, child, object);
  g_order[g_ended++ % 8] = number;
  return result;
}

namespace ashlar {
namespace {

TEST(HeapForkOrder, TheLocksOfArenasArePreparedBeforeThoseOfThreads) {
  ASSERT_EQ(g_begun, 0) << "nobody may have prepared anything yet";
  std::thread first([] { FixedRegion region; });
  while (g_begun == 0) std::this_thread::yield();
  internal::PrepareThreadsForFork();
  first.join();
  ASSERT_EQ(g_ended, 2);
  EXPECT_EQ(g_order[0], 0);
  EXPECT_EQ(g_order[1], 1);
}

}  // namespace
}  // namespace ashlar
