// What code says to ThreadSanitizer, it says to the explorer: edges that neither can see by itself.
#include <sanitizer/tsan_interface.h>

#include <atomic>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/test/expectations.h"

extern "C" {  // as callers of these declare them
void AnnotateHappensBefore(const char* file, int line, const volatile void* p);
void AnnotateHappensAfter(const char* file, int line, const volatile void* p);
void AnnotateRWLockAcquired(const char* file, int line, const volatile void* p, long is_writer);
void AnnotateRWLockReleased(const char* file, int line, const volatile void* p, long is_writer);
}

namespace ashlar::explorer {
namespace {

int data;

// Hands `data` over by relaxed accesses alone, with `publish` and `acquire` for the edge.
template <typename Publish, typename Acquire>
Result HandOver(const Publish& publish, const Acquire& acquire) {
  return Explore({.executions = 2000, .report = false}, [&] {
    static std::atomic<int> ready;
    data = 0;
    ready.store(0, std::memory_order_relaxed);
    InParallel(
        [&] {
          data = 1;
          publish(&ready);
          ready.store(1, std::memory_order_relaxed);
        },
        [&] {
          if (ready.load(std::memory_order_relaxed) == 0) return;
          acquire(&ready);
          ASHLAR_REQUIRE(data == 1);
        });
  });
}

TEST(ThreadSanitizersInterface, ReleaseAndAcquireAreAnEdge) {
  ExpectFailure(HandOver([](void*) {}, [](void*) {}), "data race");
  ExpectFailure(HandOver(__tsan_release, [](void*) {}), "data race");
  ExpectFailure(HandOver([](void*) {}, __tsan_acquire), "data race");
  EXPECT_TRUE(HandOver(__tsan_release, __tsan_acquire).clean());
}

TEST(ThreadSanitizersInterface, HappensBeforeAndHappensAfterAreAnEdge) {
  const auto before = [](void* p) { AnnotateHappensBefore(__FILE__, __LINE__, p); };
  const auto after = [](void* p) { AnnotateHappensAfter(__FILE__, __LINE__, p); };
  EXPECT_TRUE(HandOver(before, after).clean());
  ExpectFailure(HandOver(after, after), "data race");
}

TEST(ThreadSanitizersInterface, AReadersWriterLockThatIsAnnotatedIsAnEdge) {
  const auto release = [](void* p) { AnnotateRWLockReleased(__FILE__, __LINE__, p, 1); };
  const auto acquire = [](void* p) { AnnotateRWLockAcquired(__FILE__, __LINE__, p, 1); };
  EXPECT_TRUE(HandOver(release, acquire).clean());
  ExpectFailure(HandOver(acquire, acquire), "data race");
}

TEST(ThreadSanitizersInterface, AMutexIsAnEdgeUnlessItsTryFailedOrItIsAnother) {
  const auto unlock = [](void* p) {
    __tsan_mutex_pre_unlock(p, 0);
    __tsan_mutex_post_unlock(p, 0);
  };
  const auto lock = [](void* p) {
    __tsan_mutex_pre_lock(p, 0);
    __tsan_mutex_post_lock(p, 0, 1);
  };
  const auto fail_to_lock = [](void* p) {
    __tsan_mutex_pre_lock(p, __tsan_mutex_try_lock);
    __tsan_mutex_post_lock(p, __tsan_mutex_try_lock | __tsan_mutex_try_lock_failed, 0);
  };
  EXPECT_TRUE(HandOver(unlock, lock).clean());
  ExpectFailure(HandOver(unlock, fail_to_lock), "data race");
  const auto unlock_and_destroy = [&](void* p) {
    unlock(p);
    __tsan_mutex_destroy(p, 0);
    __tsan_mutex_create(p, 0);
  };
  ExpectFailure(HandOver(unlock_and_destroy, lock), "data race");
}

}  // namespace
}  // namespace ashlar::explorer
