#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace {

TEST(Suppressions, WakingAThreadOutOfItsFirstWaitIsNoRace) {
  for (int i = 0; i < 200; ++i) {
    absl::Notification notification;
    std::thread waiter([&] {
      while (!notification.WaitForNotificationWithTimeout(absl::Milliseconds(100))) {
      }
    });
    std::this_thread::yield();
    notification.Notify();
    waiter.join();
    EXPECT_TRUE(notification.HasBeenNotified());
  }
}

}  // namespace
