// A thread that stops for ever somewhere inside SlabPool leaves the others running: here a signal
// stops it at a random instruction, and stays until the others have shown that they go on.
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/slab/slab_pool.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{4} << 20;
constexpr std::size_t kSlotBytes = std::size_t{16} << 10;  // four to a slab
constexpr std::size_t kSlabs = 20;  // the last beyond the first word of the set: two levels matter
constexpr int kStops = 600;
constexpr unsigned kWatchdogSeconds = 240;

std::atomic<bool> g_stopped;
std::atomic<bool> g_may_go;

void StopHere(int) {
  g_stopped.store(true);
  while (!g_may_go.load()) usleep(100);
}

// All slots but one are main's; the victim takes and gives the one that is left.
class StoppedThread : public ::testing::Test {
 protected:
  StoppedThread() : bytes_(new std::byte[kRegionBytes]) {
    struct sigaction action = {};
    action.sa_handler = StopHere;
    sigaction(SIGUSR1, &action, nullptr);
    alarm(kWatchdogSeconds);
    EXPECT_EQ(arenas_.Add(bytes_.get(), kRegionBytes), AddStatus::kAdded);
    class_.geometry = MakeSlotGeometry(kSlotBytes, arenas_.geometry());
    class_.max_slabs = kSlabs;
    class_.keep_empty_slabs = kSlabs;
    pool_.Initialize(&arenas_, &class_, 1, false);
  }
  ~StoppedThread() override {
    pool_.Abandon();
    alarm(0);
  }

  void* TakeOne() {
    void* slot = nullptr;
    return pool_.Take(0, &slot, 1) == 1 ? slot : nullptr;
  }

  std::unique_ptr<std::byte[]> bytes_;
  ArenaList<Concurrent> arenas_;
  SlabClass<Concurrent> class_;
  SlabPool<Concurrent> pool_;
};

TEST_F(StoppedThread, LeavesTheOthersRunning) {
  std::minstd_rand random(1);  // the stops fall where time lets them fall in any case
  const std::size_t all = kSlabs * class_.geometry.slots;
  std::vector<void*> mine;
  while (void* slot = TakeOne()) mine.push_back(slot);
  ASSERT_EQ(mine.size(), all);
  // The last slab is the one whose slots come and go; the rest stays full.
  std::vector<void*> moving(mine.end() - class_.geometry.slots, mine.end());
  for (int stop = 0; stop < kStops; ++stop) {
    g_stopped.store(false);
    g_may_go.store(false);
    pool_.Give(0, &moving.back(), 1);
    moving.pop_back();
    std::atomic<bool> runs{false};
    std::atomic<bool> done{false};
    void* back = nullptr;
    std::thread victim([&] {
      void* slot = TakeOne();
      runs.store(true);
      while (!done.load(std::memory_order_relaxed)) {
        pool_.Give(0, &slot, 1);
        slot = TakeOne();
      }
      back = slot;
    });
    while (!runs.load()) sched_yield();
    const auto before = static_cast<unsigned>(random() % 300);
    for (unsigned i = 0; i < before + 100; ++i) {
      if (i == before) pthread_kill(victim.native_handle(), SIGUSR1);
      if (i >= before) {
        while (!g_stopped.load()) sched_yield();
      }
      void*& slot = moving[i % moving.size()];
      pool_.Give(0, &slot, 1);
      slot = TakeOne();
      if (slot == nullptr) break;
    }
    done.store(true);
    g_may_go.store(true);
    victim.join();
    moving.push_back(back);
    for (void* slot : moving) ASSERT_NE(slot, nullptr) << "after " << stop << " stops";
  }
  EXPECT_EQ(pool_.SlotsOut(0), all);
}

}  // namespace
}  // namespace ashlar::internal
