#include "ashlar/internal/os/threads.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace ashlar::internal::os {
namespace {

// What happened at a thread's end, in its order; read after the join. Not thread_local itself: the
// hook comes after those are gone.
std::string g_end;

struct AtItsEnd {
  bool is_made = false;
  ~AtItsEnd() { g_end += "thread_local,"; }
};
thread_local AtItsEnd t_at_its_end;

void Hook() { g_end += "hook,"; }

TEST(CallAtThreadExit, ComesOnceAndAfterThreadLocalDestructors) {
  g_end.clear();
  std::thread([] {
    ASSERT_TRUE(CallAtThreadExit(Hook));
    ASSERT_TRUE(CallAtThreadExit(Hook)) << "asked twice, called once";
    t_at_its_end.is_made = true;  // what is never used is never destroyed
  }).join();
  EXPECT_EQ(g_end, "thread_local,hook,");
}

TEST(CallAtThreadExit, ComesAfterTheKeysOfOtherLibraries) {
  g_end.clear();
  pthread_key_t key;
  ASSERT_EQ(pthread_key_create(&key, [](void*) { g_end += "key,"; }), 0);
  std::thread([key] {
    ASSERT_TRUE(CallAtThreadExit(Hook));
    ASSERT_EQ(pthread_setspecific(key, &g_end), 0);
  }).join();
  EXPECT_EQ(g_end, "key,hook,");
  pthread_key_delete(key);
}

pthread_key_t g_patient_key;

// Comes a second time, as libraries do that want to be later than others.
void OnPatientKey(void* value) {
  g_end += "key,";
  if (value == &g_end) pthread_setspecific(g_patient_key, &g_patient_key);
}

TEST(CallAtThreadExit, ComesAfterAKeyThatWaitsForASecondRound) {
  g_end.clear();
  ASSERT_EQ(pthread_key_create(&g_patient_key, OnPatientKey), 0);
  std::thread([] {
    ASSERT_TRUE(CallAtThreadExit(Hook));
    ASSERT_EQ(pthread_setspecific(g_patient_key, &g_end), 0);
  }).join();
  EXPECT_EQ(g_end, "key,key,hook,");
  pthread_key_delete(g_patient_key);
}

TEST(CallAtThreadExit, IsForTheThreadThatAsks) {
  g_end.clear();
  std::thread([] {}).join();
  EXPECT_EQ(g_end, "");
  for (int i = 0; i < 3; ++i) std::thread([] { EXPECT_TRUE(CallAtThreadExit(Hook)); }).join();
  EXPECT_EQ(g_end, "hook,hook,hook,");
}

std::string g_fork;

constinit AroundFork g_around_fork([] { g_fork += "prepare,"; }, [] { g_fork += "parent,"; },
                                   [] { g_fork += "child,"; });

TEST(AroundFork, EachProcessSeesItsPartOnce) {
  g_around_fork.Begin();
  g_around_fork.Begin();
  g_fork.clear();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(g_fork == "prepare,child," ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(g_fork, "prepare,parent,");
}

TEST(CoarseMilliseconds, GoOn) {
  errno = 77;
  const std::uint64_t first = CoarseMilliseconds();
  std::uint64_t later;
  while ((later = CoarseMilliseconds()) == first) YieldProcessor();
  EXPECT_GT(later, first);
  EXPECT_EQ(errno, 77);
}

TEST(CoarseMilliseconds, AreThoseOfTheSteadyClock) {
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  const auto expected = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(steady).count());
  const std::uint64_t coarse = CoarseMilliseconds();
  constexpr std::uint64_t kHour = 3600000;  // a question of units, not of speed
  EXPECT_LT(coarse, expected + kHour);
  EXPECT_LT(expected, coarse + kHour);
}

TEST(ProcessorHint, IsAProcessorOfTheMachine) {
  const long processors = sysconf(_SC_NPROCESSORS_CONF);
  for (int i = 0; i < 1000; ++i) ASSERT_LT(ProcessorHint(), static_cast<unsigned>(processors));
}

}  // namespace
}  // namespace ashlar::internal::os
