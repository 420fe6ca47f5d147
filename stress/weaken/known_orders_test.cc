// Orders of which it is known whether they are needed: known_orders.golden says which, and judges
// the explorer's weakening and weaken.py by it.
#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::explorer {
namespace {

template <typename Body>
void ExpectAlways(const Body& body, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  const Result result =
      Explore({.executions = 100000, .strategy = Strategy::kExhaustive, .reuse = Reuse::kNever},
              body, file, line);
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.extent, Extent::kComplete);
}

std::atomic<int> x, y, others;
int data;

// The data goes by way of x alone.
void PublishData() {
  data = 1;
  others.store(1, std::memory_order_release);
  x.store(1, std::memory_order_release);  // release, N1
  others.exchange(2, std::memory_order_acq_rel);
}
void UseData() {
  static_cast<void>(others.load(std::memory_order_seq_cst));
  if (x.load(std::memory_order_acquire) == 0) return;  // acquire, N1
  ASHLAR_REQUIRE(data == 1);
  int seen = 1;
  others.compare_exchange_strong(seen, 3, std::memory_order_release, std::memory_order_acquire);
}

TEST(KnownOrders, OneReleaseAndOneAcquireCarryTheData) {
  ExpectAlways([] {
    std::thread publisher(PublishData);
    std::thread user(UseData);
    publisher.join();
    user.join();
  });
}

// Of two that set and look one sees the other.
bool LooksAfterX() {
  x.store(1, std::memory_order_seq_cst);          // seq_cst, N2
  return y.load(std::memory_order_seq_cst) == 1;  // seq_cst, N2
}
bool LooksAfterY() {
  y.store(1, std::memory_order_seq_cst);          // seq_cst, N2
  return x.load(std::memory_order_seq_cst) == 1;  // seq_cst, N2
}

TEST(KnownOrders, FourSeqCstOrderTwoThatSetAndLook) {
  ExpectAlways([] {
    bool saw[2];
    std::thread first([&] { saw[0] = LooksAfterX(); });
    std::thread second([&] { saw[1] = LooksAfterY(); });
    first.join();
    second.join();
    ASHLAR_REQUIRE(saw[0] || saw[1]);
  });
}

}  // namespace
}  // namespace ashlar::explorer
