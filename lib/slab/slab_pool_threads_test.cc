#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/internal/base/configuration.h"
#include "ashlar/internal/slab/slab_pool.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{1} << 20;
constexpr unsigned kThreads = 4;

// A plain mark in the slot: the race detector watches it. Slots are poisoned while they are free.
struct Stamp {
  static void Put(void* slot, unsigned owner) {
    UnpoisonMemory(slot, sizeof(Stamp));
    static_cast<Stamp*>(slot)->owner = owner;
  }
  // The mark, for the last time.
  static unsigned Take(void* slot) {
    const unsigned owner = std::exchange(static_cast<Stamp*>(slot)->owner, kThreads);
    PoisonMemory(slot, sizeof(Stamp));
    return owner;
  }

  unsigned owner;
};

// Calls body(thread) in kThreads threads and waits for them.
template <typename Body>
void InThreads(Body body) {
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) threads.emplace_back(body, thread);
  for (std::thread& thread : threads) thread.join();
}

// Slots on their way from one thread to any other.
class Exchange {
 public:
  // Leaves `mine` and takes what somebody else left, if there is enough.
  void Swap(void*& mine) {
    const std::lock_guard<std::mutex> guard(mutex_);
    slots_.push_back(mine);
    std::swap(slots_.front(), slots_.back());
    mine = slots_.back();
    slots_.pop_back();
  }
  void Leave(void* slot) {
    const std::lock_guard<std::mutex> guard(mutex_);
    slots_.push_back(slot);
  }
  const std::vector<void*>& slots() const { return slots_; }

 private:
  std::mutex mutex_;
  std::vector<void*> slots_;
};

class SlabPoolThreads : public ::testing::Test {
 protected:
  SlabPoolThreads() : bytes_(new std::byte[kRegionBytes]) {
    EXPECT_EQ(arenas_.Add(bytes_.get(), kRegionBytes), AddStatus::kAdded);
  }
  ~SlabPoolThreads() override {
    EXPECT_EQ(pool_.SlotsOut(0), 0u);
    pool_.Trim(0);
    EXPECT_EQ(class_.slabs.Get(), 0);
    EXPECT_EQ(class_.free.Get(), 0u);
    pool_.Abandon();
    EXPECT_EQ(arenas_.used_bytes(), 0u);
  }
  void SetUpPool(std::size_t slot_bytes, std::uint64_t keep, std::uint64_t max_slabs = UINT64_MAX) {
    class_.geometry = MakeSlotGeometry(slot_bytes, arenas_.geometry());
    class_.keep_empty_slabs = keep;
    class_.max_slabs = max_slabs;
    pool_.Initialize(&arenas_, &class_, 1, false);
  }

  // Each thread takes batches, stamps and checks them, hands some over, gives batches back.
  void Hammer(int rounds, std::size_t most_held) {
    Exchange exchange;
    InThreads([&](unsigned thread) {
      std::minstd_rand random(thread + 1);
      std::vector<void*> held;
      const auto check = [&](void* slot) {
        EXPECT_EQ(Stamp::Take(slot), thread) << "two owners of one slot";
      };
      for (int round = 0; round < rounds; ++round) {
        std::array<void*, 16> batch;
        const std::size_t want = 1 + random() % batch.size();
        if (held.size() + want <= most_held) {
          const std::size_t got = pool_.Take(0, batch.data(), want);
          for (std::size_t i = 0; i < got; ++i) {
            Stamp::Put(batch[i], thread);
            held.push_back(batch[i]);
          }
        }
        if (!held.empty() && random() % 4 == 0) {
          void*& slot = held[random() % held.size()];
          check(slot);
          exchange.Swap(slot);
          Stamp::Put(slot, thread);
        }
        std::size_t give = std::min<std::size_t>(held.size(), random() % 20);
        if (round % 64 == 63) give = held.size();
        std::shuffle(held.begin(), held.end(), random);
        for (std::size_t i = 0; i < give; ++i) check(held[held.size() - 1 - i]);
        pool_.Give(0, held.data() + held.size() - give, give);
        held.resize(held.size() - give);
      }
      for (void* slot : held) exchange.Leave(slot);
    });
    pool_.Give(0, exchange.slots().data(), exchange.slots().size());
  }

  std::unique_ptr<std::byte[]> bytes_;
  ArenaList<Concurrent> arenas_;
  SlabClass<Concurrent> class_;
  SlabPool<Concurrent> pool_;
};

TEST_F(SlabPoolThreads, HandsEachSlotToOneThreadAtATime) {
  SetUpPool(64, 1);
  Hammer(60000, 500);
}

TEST_F(SlabPoolThreads, MakesAndRetiresSlabsUnderTheFeetOfOthers) {
  SetUpPool(16 << 10, 0);  // four slots a slab, none kept
  Hammer(200000, 8);
}

TEST_F(SlabPoolThreads, KeepsFreeWordsInSlabsWhole) {
  SetUpPool(8, 0);
  Hammer(40000, 3000);
}

TEST_F(SlabPoolThreads, AnExhaustedRegionIsShared) {
  SetUpPool(4096, 0);
  Hammer(100000, 80);  // together more than there is
}

// Each of four threads has at most a fourth of the slots out: none may ever be refused, whatever
// the others do with theirs, or with the slabs.
TEST_F(SlabPoolThreads, NeverSaysNoneWhileASlotMustBeFree) {
  SetUpPool(16 << 10, 0, 4);
  const std::size_t share = 4 * class_.geometry.slots / kThreads;
  InThreads([&](unsigned thread) {
    std::minstd_rand random(thread + 1);
    std::vector<void*> held;
    for (int round = 0; round < 100000; ++round) {
      while (held.size() < share) {
        void* slot = nullptr;
        ASSERT_EQ(pool_.Take(0, &slot, 1), 1u) << "none, with " << held.size() << " held";
        Stamp::Put(slot, thread);
        held.push_back(slot);
      }
      if (thread == 0 && round % 16 == 0) pool_.Trim(0);
      for (std::size_t n = 1 + random() % share; n > 0; --n) {
        ASSERT_EQ(Stamp::Take(held.back()), thread);
        pool_.Give(0, &held.back(), 1);
        held.pop_back();
      }
    }
    pool_.Give(0, held.data(), held.size());
  });
}

TEST(SlabPoolPurge, TakesNoSlotFromAnybody) {
  constexpr std::uint64_t kMaxSlabs = 8;
  SlabClass<Concurrent> cls;
  cls.geometry = MakeSlotGeometry(1024, SystemArenas().geometry());
  cls.max_slabs = kMaxSlabs;
  cls.keep_empty_slabs = kMaxSlabs;
  SlabPool<Concurrent> pool;
  pool.Initialize(&SystemArenas(), &cls, 1, false);
  const std::size_t all = kMaxSlabs * cls.geometry.slots;
  ASSERT_TRUE(pool.Reserve(0, all));
  std::mutex mutex;
  bool done = false;
  std::size_t purged = 0;
  std::thread purger([&] {
    const auto is_done = [&] {
      const std::lock_guard<std::mutex> guard(mutex);
      return done;
    };
    while (!is_done()) purged += pool.PurgePages(0, SIZE_MAX);
  });
  std::vector<void*> slots(all);
  for (int round = 0; round < 1000; ++round) {
    std::size_t got = 0;
    for (void*& slot : slots) got += pool.Take(0, &slot, 1);
    ASSERT_EQ(got, all) << "in round " << round;
    for (void* slot : slots) Stamp::Put(slot, 1);
    pool.Give(0, slots.data(), slots.size());
  }
  {
    const std::lock_guard<std::mutex> guard(mutex);
    done = true;
  }
  purger.join();
  EXPECT_GT(purged, 0u);
  EXPECT_EQ(pool.SlotsOut(0), 0u);
  pool.Trim(0);
  EXPECT_EQ(cls.purged_bytes.Get(), 0);
  pool.Abandon();
}

}  // namespace
}  // namespace ashlar::internal
