// The explorer's memory model against the classic litmus tests: each allowed outcome is reached, no
// other is. Ordinary C++; an exhaustive search.
//
// Outcomes are the registers r0, r1, ... in order. Load buffering of relaxed accesses ("LB") is
// allowed by C++20 and not produced: the model is RC11.
#include <atomic>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::explorer {
namespace {

constexpr auto rlx = std::memory_order_relaxed;
constexpr auto acq = std::memory_order_acquire;
constexpr auto rel = std::memory_order_release;
constexpr auto ar = std::memory_order_acq_rel;
constexpr auto sc = std::memory_order_seq_cst;

std::atomic<int> x, y, z;
int r[4];
std::mutex m;
std::shared_mutex sm;

void Fence(std::memory_order order) { std::atomic_thread_fence(order); }

struct Litmus {
  const char* name;
  std::vector<void (*)()> threads;
  const char* allowed;          // every outcome
  void (*at_end)() = nullptr;   // in the body, after all threads
  int registers = 2;
};

void PrintTo(const Litmus& litmus, std::ostream* out) { *out << litmus.name; }

const Litmus kLitmus[] = {
    {"SB relaxed",
     {[] { x.store(1, rlx); r[0] = y.load(rlx); }, [] { y.store(1, rlx); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"SB release acquire",
     {[] { x.store(1, rel); r[0] = y.load(acq); }, [] { y.store(1, rel); r[1] = x.load(acq); }},
     "00 01 10 11"},
    {"SB seq_cst",
     {[] { x.store(1, sc); r[0] = y.load(sc); }, [] { y.store(1, sc); r[1] = x.load(sc); }},
     "01 10 11"},
    {"SB one side seq_cst",
     {[] { x.store(1, sc); r[0] = y.load(sc); }, [] { y.store(1, rel); r[1] = x.load(acq); }},
     "00 01 10 11"},
    {"SB seq_cst fences",
     {[] { x.store(1, rlx); Fence(sc); r[0] = y.load(rlx); },
      [] { y.store(1, rlx); Fence(sc); r[1] = x.load(rlx); }},
     "01 10 11"},
    {"SB one fence",
     {[] { x.store(1, rlx); Fence(sc); r[0] = y.load(rlx); },
      [] { y.store(1, rlx); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"SB acq_rel fences",
     {[] { x.store(1, rlx); Fence(ar); r[0] = y.load(rlx); },
      [] { y.store(1, rlx); Fence(ar); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"SB fence against seq_cst",
     {[] { x.store(1, sc); r[0] = y.load(sc); },
      [] { y.store(1, rlx); Fence(sc); r[1] = x.load(rlx); }},
     "01 10 11"},
    {"SB exchanges",  // two that read the same location are in order, and each sees the other's past
     {[] { x.exchange(1, ar); r[0] = y.fetch_add(0, ar); },
      [] { y.exchange(1, ar); r[1] = x.fetch_add(0, ar); }},
     "01 10 11"},
    {"SB locked",
     {[] { std::lock_guard l(m); x.store(1, rlx); r[0] = y.load(rlx); },
      [] { std::lock_guard l(m); y.store(1, rlx); r[1] = x.load(rlx); }},
     "01 10"},
    {"SB shared readers",
     {[] { std::shared_lock l(sm); x.store(1, rlx); r[0] = y.load(rlx); },
      [] { std::shared_lock l(sm); y.store(1, rlx); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"MP relaxed",
     {[] { x.store(1, rlx); y.store(1, rlx); }, [] { r[0] = y.load(rlx); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"MP release acquire",
     {[] { x.store(1, rlx); y.store(1, rel); }, [] { r[0] = y.load(acq); r[1] = x.load(rlx); }},
     "00 01 11"},
    {"MP release relaxed",
     {[] { x.store(1, rlx); y.store(1, rel); }, [] { r[0] = y.load(rlx); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"MP relaxed acquire",
     {[] { x.store(1, rlx); y.store(1, rlx); }, [] { r[0] = y.load(acq); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"MP fences",
     {[] { x.store(1, rlx); Fence(rel); y.store(1, rlx); },
      [] { r[0] = y.load(rlx); Fence(acq); r[1] = x.load(rlx); }},
     "00 01 11"},
    {"MP release fence alone",
     {[] { x.store(1, rlx); Fence(rel); y.store(1, rlx); },
      [] { r[0] = y.load(rlx); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"MP release fence, acquire load",
     {[] { x.store(1, rlx); Fence(rel); y.store(1, rlx); },
      [] { r[0] = y.load(acq); r[1] = x.load(rlx); }},
     "00 01 11"},
    {"MP fence behind the store",
     {[] { x.store(1, rlx); y.store(1, rlx); Fence(rel); },
      [] { r[0] = y.load(acq); r[1] = x.load(rlx); }},
     "00 01 10 11"},
    {"LB relaxed, not produced",
     {[] { r[0] = x.load(rlx); y.store(1, rlx); }, [] { r[1] = y.load(rlx); x.store(1, rlx); }},
     "00 01 10"},
    {"CoRR",
     {[] { x.store(1, rlx); }, [] { r[0] = x.load(rlx); r[1] = x.load(rlx); }},
     "00 01 11"},
    {"CoRW",
     {[] { r[0] = x.load(rlx); x.store(1, rlx); }, [] { x.store(2, rlx); }},
     "01 02 21",
     [] { r[1] = x.load(rlx); }},
    {"CoWR",
     {[] { x.store(1, rlx); r[0] = x.load(rlx); }, [] { x.store(2, rlx); }},
     "11 12 22",
     [] { r[1] = x.load(rlx); }},
    {"2+2W relaxed",
     {[] { x.store(1, rlx); y.store(2, rlx); }, [] { y.store(1, rlx); x.store(2, rlx); }},
     "11 12 21 22",
     [] { r[0] = x.load(rlx); r[1] = y.load(rlx); }},
    {"2+2W release",
     {[] { x.store(1, rel); y.store(2, rel); }, [] { y.store(1, rel); x.store(2, rel); }},
     "11 12 21 22",
     [] { r[0] = x.load(rlx); r[1] = y.load(rlx); }},
    {"2+2W seq_cst",
     {[] { x.store(1, sc); y.store(2, sc); }, [] { y.store(1, sc); x.store(2, sc); }},
     "12 21 22",
     [] { r[0] = x.load(rlx); r[1] = y.load(rlx); }},
    {"S relaxed",
     {[] { x.store(2, rlx); y.store(1, rlx); }, [] { r[0] = y.load(rlx); x.store(1, rlx); }},
     "01 02 11 12",
     [] { r[1] = x.load(rlx); }},
    {"S release acquire",
     {[] { x.store(2, rlx); y.store(1, rel); }, [] { r[0] = y.load(acq); x.store(1, rlx); }},
     "01 02 11",
     [] { r[1] = x.load(rlx); }},
    {"R seq_cst",
     {[] { x.store(1, sc); y.store(1, sc); }, [] { y.store(2, sc); r[0] = x.load(sc); }},
     "01 11 12",
     [] { r[1] = y.load(rlx); }},
    {"R release acquire",
     {[] { x.store(1, rel); y.store(1, rel); }, [] { y.store(2, rel); r[0] = x.load(acq); }},
     "01 02 11 12",
     [] { r[1] = y.load(rlx); }},
    {"release sequence",
     {[] { x.store(1, rlx); y.store(1, rel); },
      [] { y.fetch_add(1, rlx); },
      [] { r[0] = y.load(acq); r[1] = x.load(rlx); }},
     "00 01 10 11 21"},  // 10: the read-modify-write came first, and published nothing
    {"release sequence broken by a store",
     {[] { x.store(1, rlx); y.store(1, rel); y.store(2, rlx); },
      [] { r[0] = y.load(acq); r[1] = x.load(rlx); }},
     "00 01 11 20 21"},
    {"exchanges are one after the other",
     {[] { x.fetch_add(1, rlx); }, [] { x.fetch_add(1, rlx); }, [] { x.fetch_add(1, rlx); }},
     "3",
     [] { r[0] = x.load(rlx); },
     1},
    {"one compare-exchange wins",
     {[] { int e = 0; r[0] = x.compare_exchange_strong(e, 1, rlx); },
      [] { int e = 0; r[1] = x.compare_exchange_strong(e, 2, rlx); }},
     "01 10"},
    {"WRC relaxed",
     {[] { x.store(1, rlx); }, [] { r[0] = x.load(rlx); y.store(1, rlx); },
      [] { r[1] = y.load(rlx); r[2] = x.load(rlx); }},
     "000 001 010 011 100 101 110 111", nullptr, 3},
    {"WRC release acquire",
     {[] { x.store(1, rlx); }, [] { r[0] = x.load(rlx); y.store(1, rel); },
      [] { r[1] = y.load(acq); r[2] = x.load(rlx); }},
     "000 001 010 011 100 101 111", nullptr, 3},
    {"ISA2 release acquire",
     {[] { x.store(1, rlx); y.store(1, rel); }, [] { r[0] = y.load(acq); z.store(1, rel); },
      [] { r[1] = z.load(acq); r[2] = x.load(rlx); }},
     "000 001 010 011 100 101 111", nullptr, 3},
    {"IRIW acquire",
     {[] { x.store(1, rel); }, [] { y.store(1, rel); },
      [] { r[0] = x.load(acq); r[1] = y.load(acq); },
      [] { r[2] = y.load(acq); r[3] = x.load(acq); }},
     "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1010 1011 1100 1101 1110 1111", nullptr, 4},
    {"IRIW seq_cst",
     {[] { x.store(1, sc); }, [] { y.store(1, sc); },
      [] { r[0] = x.load(sc); r[1] = y.load(sc); }, [] { r[2] = y.load(sc); r[3] = x.load(sc); }},
     "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111", nullptr, 4},
    {"IRIW seq_cst fences",
     {[] { x.store(1, rlx); }, [] { y.store(1, rlx); },
      [] { r[0] = x.load(rlx); Fence(sc); r[1] = y.load(rlx); },
      [] { r[2] = y.load(rlx); Fence(sc); r[3] = x.load(rlx); }},
     "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111", nullptr, 4},
};

void Body(const Litmus& litmus) {
  for (std::atomic<int>* location : {&x, &y, &z}) location->store(0, rlx);
  for (int& value : r) value = 0;
  std::vector<std::thread> threads;
  for (void (*run)() : litmus.threads) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  if (litmus.at_end != nullptr) litmus.at_end();
  char outcome[5] = {};
  for (int i = 0; i < litmus.registers; ++i) outcome[i] = static_cast<char>('0' + r[i]);
  NoteOutcome(outcome);
}

std::string Reached() {
  std::size_t count;
  const Outcome* outcomes = Outcomes(&count);
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += (i > 0 ? " " : "") + std::string(outcomes[i].text);
  return all;
}

class LitmusTest : public ::testing::TestWithParam<Litmus> {};

TEST_P(LitmusTest, ReachesEachAllowedOutcomeAndNoOther) {
  ClearOutcomes();
  const Result result =
      Explore({.executions = 2'000'000, .strategy = Strategy::kExhaustive, .reuse = Reuse::kNever},
              [&] { Body(GetParam()); });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.extent, Extent::kComplete);
  EXPECT_EQ(Reached(), GetParam().allowed);
}

// By chance no outcome comes up that the search says there is none.
TEST_P(LitmusTest, SamplingReachesNoOther) {
  ClearOutcomes();
  const Result result = Explore({.executions = 20'000}, [&] { Body(GetParam()); });
  EXPECT_TRUE(result.clean()) << result.report;
  std::istringstream allowed(GetParam().allowed);
  const std::set<std::string> all{std::istream_iterator<std::string>(allowed), {}};
  std::istringstream reached(Reached());
  for (std::string outcome; reached >> outcome;) EXPECT_TRUE(all.contains(outcome)) << outcome;
}

// Sleep sets leave out executions, no outcome: a bound on preemptions that nothing reaches does
// without them.
TEST_P(LitmusTest, SleepSetsLoseNothing) {
  if (GetParam().threads.size() > 2) GTEST_SKIP() << "too many executions";
  ClearOutcomes();
  const Result result = Explore({.executions = 3'000'000,
                                 .strategy = Strategy::kExhaustive,
                                 .preemptions = 1000,
                                 .reuse = Reuse::kNever},
                                [&] { Body(GetParam()); });
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.pruned, 0U);
  EXPECT_EQ(result.extent, Extent::kComplete);
  EXPECT_EQ(Reached(), GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(Classic, LitmusTest, ::testing::ValuesIn(kLitmus),
                         [](const ::testing::TestParamInfo<Litmus>& info) {
                           std::string name = info.param.name;
                           std::string clean;
                           for (char c : name) {
                             if (c == '+') clean += "plus";
                             if (std::isalnum(static_cast<unsigned char>(c)) != 0) clean += c;
                           }
                           return clean;
                         });

}  // namespace
}  // namespace ashlar::explorer
