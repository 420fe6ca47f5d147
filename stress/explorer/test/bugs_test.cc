// What the explorer is there to find, in small programs: each bug is found within a bound, and the
// same program without it is clean.
#include <pthread.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stress/explorer/explore.h"

namespace ashlar::explorer {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using mo = std::memory_order;

constexpr std::uint64_t kClean = 20000;  // executions in which nothing may be found

template <typename Body>
void ExpectFound(const char* what, std::uint64_t within, const Body& body) {
  const Result result = Explore({.executions = within}, body);
  EXPECT_TRUE(result.failed) << "not found in " << result.executions << " executions";
  EXPECT_THAT(std::string(result.failure), HasSubstr(what)) << result.report;
}

template <typename Body>
void ExpectClean(const Body& body) {
  const Result result = Explore({.executions = kClean, .leaks_fail = true}, body);
  EXPECT_TRUE(result.clean()) << result.report;
  EXPECT_EQ(result.executions, kClean);
}

template <typename A, typename B>
void Both(A a, B b) {
  std::thread first(a);
  std::thread second(b);
  first.join();
  second.join();
}

// --- Orders. ---

struct Box {
  int data = 0;
  std::atomic<bool> ready{false};
};

void Publish(mo store, mo load) {
  auto box = std::make_unique<Box>();
  Both([&] { box->data = 42; box->ready.store(true, store); },
       [&] { if (box->ready.load(load)) ASHLAR_REQUIRE(box->data == 42); });
}

TEST(Bugs, APublishThatIsRelaxedIsARace) {
  ExpectFound("data race: read by", 100, [] { Publish(mo::relaxed, mo::acquire); });
  ExpectFound("data race: read by", 100, [] { Publish(mo::release, mo::relaxed); });
  ExpectClean([] { Publish(mo::release, mo::acquire); });
}

// No data race for a detector to see: the header behind the publish is atomic itself.
void PublishHeader(mo store) {
  struct Header {
    std::atomic<int> size{0};
    std::atomic<Header*> published{nullptr};
  };
  auto header = std::make_unique<Header>();
  Both([&] { header->size.store(8, mo::relaxed); header->published.store(header.get(), store); },
       [&] {
         const Header* seen = header->published.load(mo::acquire);
         if (seen != nullptr) ASHLAR_REQUIRE(seen->size.load(mo::relaxed) == 8);
       });
}

TEST(Bugs, AnAtomicHeaderBehindARelaxedPublishIsRead) {
  ExpectFound("does not hold", 200, [] { PublishHeader(mo::relaxed); });
  ExpectClean([] { PublishHeader(mo::release); });
}

// The store-buffer handshake: one of the two must see the other.
void Handshake(mo order) {
  struct Flags {
    std::atomic<int> a{0}, b{0};
    int saw_a = 0, saw_b = 0;
  };
  auto flags = std::make_unique<Flags>();
  Both([&] { flags->a.store(1, order); flags->saw_b = flags->b.load(order == mo::seq_cst ? order : mo::acquire); },
       [&] { flags->b.store(1, order); flags->saw_a = flags->a.load(order == mo::seq_cst ? order : mo::acquire); });
  ASHLAR_REQUIRE(flags->saw_a + flags->saw_b > 0);
}

TEST(Bugs, AHandshakeNeedsSeqCst) {
  ExpectFound("does not hold", 500, [] { Handshake(mo::release); });
  ExpectClean([] { Handshake(mo::seq_cst); });
}

// --- Structures. ---

struct Node {
  std::atomic<Node*> next{nullptr};
  std::atomic<int> owner{0};
};

// A Treiber stack whose nodes are used again; with a tag, or without.
template <bool kTag>
class Stack {
 public:
  void Push(Node* node) {
    std::uint64_t head = head_.load(mo::relaxed);
    do {
      node->next.store(NodeOf(head), mo::relaxed);
    } while (!head_.compare_exchange_weak(head, Word(node, head), mo::release, mo::relaxed));
  }
  Node* Pop() {
    std::uint64_t head = head_.load(mo::acquire);
    while (true) {
      Node* node = NodeOf(head);
      if (node == nullptr) return nullptr;
      const std::uint64_t next = Word(node->next.load(mo::relaxed), head + (kTag ? kTagUnit : 0));
      if (head_.compare_exchange_weak(head, next, mo::acquire, mo::acquire)) return node;
    }
  }

 private:
  static constexpr std::uint64_t kTagUnit = std::uint64_t{1} << 48;
  static Node* NodeOf(std::uint64_t word) { return reinterpret_cast<Node*>(word & (kTagUnit - 1)); }
  static std::uint64_t Word(Node* node, std::uint64_t tag) {
    return reinterpret_cast<std::uint64_t>(node) | (tag & ~(kTagUnit - 1));
  }
  std::atomic<std::uint64_t> head_{0};
};

template <bool kTag>
void UseStack() {
  Stack<kTag> stack;
  Node nodes[3];
  for (Node& node : nodes) stack.Push(&node);
  const auto work = [&](int id) {
    for (int i = 0; i < 2; ++i) {
      Node* a = stack.Pop();
      Node* b = stack.Pop();
      for (Node* node : {a, b}) {
        if (node != nullptr) ASHLAR_REQUIRE(node->owner.exchange(id, mo::relaxed) == 0);
      }
      for (Node* node : {a, b}) {
        if (node == nullptr) continue;
        node->owner.store(0, mo::relaxed);
        stack.Push(node);
      }
    }
  };
  Both([&] { work(1); }, [&] { work(2); });
}

TEST(Bugs, AStackWithoutATagHandsANodeOutTwice) {
  ExpectFound("does not hold", 5000, UseStack<false>);
  ExpectClean(UseStack<true>);
}

// Nodes that are deleted while another thread looks at them.
TEST(Bugs, AStackThatDeletesNodesIsReadAfterItsFree) {
  struct HeapNode {
    HeapNode* next;
  };
  // Whichever comes first: the free that nothing orders behind the read, or the read of freed memory.
  ExpectFound("free", 2000, [] {
    std::atomic<HeapNode*> head{nullptr};
    const auto work = [&] {
      for (int i = 0; i < 2; ++i) {
        auto* node = new HeapNode{head.load(mo::relaxed)};
        while (!head.compare_exchange_weak(node->next, node, mo::release, mo::relaxed)) {}
        HeapNode* top = head.load(mo::acquire);
        while (top != nullptr && !head.compare_exchange_weak(top, top->next, mo::acquire)) {}
        delete top;
      }
    };
    Both(work, work);
  });
}

// One producer, one consumer; the orders are parameters.
class TwoSlots {
 public:
  TwoSlots(mo guard, mo publish) : guard_(guard), publish_(publish) {}
  bool Push(int value) {
    const unsigned tail = tail_.load(mo::relaxed);
    if (tail - head_.load(guard_) == 2) return false;
    slots_[tail % 2] = value;
    tail_.store(tail + 1, publish_);
    return true;
  }
  bool Pop(int* value) {
    const unsigned head = head_.load(mo::relaxed);
    if (tail_.load(mo::acquire) == head) return false;
    *value = slots_[head % 2];
    head_.store(head + 1, mo::release);
    return true;
  }

 private:
  mo guard_, publish_;
  int slots_[2] = {};
  std::atomic<unsigned> head_{0}, tail_{0};
};

void UseTwoSlots(mo guard, mo publish) {
  TwoSlots queue(guard, publish);
  Both([&] { for (int i = 0, sent = 0; i < 12 && sent < 4; ++i) sent += queue.Push(sent + 1); },
       [&] {
         int expected = 1;
         for (int i = 0, value; i < 12; ++i) {
           if (queue.Pop(&value)) ASHLAR_REQUIRE(value == expected++);
         }
       });
}

TEST(Bugs, ASlotIsWrittenOverWithoutAnAcquireOfItsGuard) {
  ExpectFound("data race", 1000, [] { UseTwoSlots(mo::relaxed, mo::release); });
  ExpectFound("data race", 1000, [] { UseTwoSlots(mo::acquire, mo::relaxed); });
  ExpectClean([] { UseTwoSlots(mo::acquire, mo::release); });
}

// A flag cleared by a store, which an exchange of another thread may overtake in modification order.
TEST(Bugs, AReferenceCountThatIsCheckedAndThenChangedEndsTwice) {
  const auto use = [](bool in_one_step) {
    auto count = std::make_unique<std::atomic<int>>(2);
    auto ends = std::make_unique<std::atomic<int>>(0);
    const auto release = [&] {
      if (in_one_step) {
        if (count->fetch_sub(1, mo::acq_rel) == 1) ends->fetch_add(1, mo::relaxed);
      } else if (count->load(mo::acquire) == 1) {
        ends->fetch_add(1, mo::relaxed);
      } else {
        count->fetch_sub(1, mo::acq_rel);
      }
    };
    Both(release, release);
    ASHLAR_REQUIRE(ends->load(mo::relaxed) == 1);
  };
  ExpectFound("does not hold", 100, [&] { use(false); });
  ExpectClean([&] { use(true); });
}

// --- Locks and waiting. ---

TEST(Bugs, AMissingLockIsARace) {
  const auto use = [](bool locked) {
    std::mutex mutex;
    auto n = std::make_unique<int>(0);
    Both([&] { std::lock_guard guard(mutex); ++*n; },
         [&] {
           std::unique_lock lock(mutex, std::defer_lock);
           if (locked) lock.lock();
           ++*n;
         });
    ASHLAR_REQUIRE(*n == 2);
  };
  ExpectFound("data race", 100, [&] { use(false); });
  ExpectClean([&] { use(true); });
}

TEST(Bugs, LocksInOppositeOrderAreADeadlock) {
  ExpectFound("deadlock", 1000, [] {
    std::mutex a, b;
    Both([&] { std::lock_guard first(a); std::lock_guard second(b); },
         [&] { std::lock_guard first(b); std::lock_guard second(a); });
  });
}

TEST(Bugs, ALostWakeUpIsADeadlock) {
  const auto use = [](bool looks_again) {
    std::mutex mutex;
    std::condition_variable condition;
    bool go = false;
    Both(
        [&] {
          std::unique_lock lock(mutex);
          if (looks_again) return condition.wait(lock, [&] { return go; });
          if (go) return;
          lock.unlock();  // the wake-up comes here
          lock.lock();
          condition.wait(lock);
        },
        [&] {
          {
            std::lock_guard guard(mutex);
            go = true;
          }
          condition.notify_one();
        });
  };
  ExpectFound("deadlock", 2000, [&] { use(false); });
  ExpectClean([&] { use(true); });
}

TEST(Bugs, WaitingForWhatNobodyDoesIsALivelock) {
  const Result result = Explore({.executions = 1, .max_steps = 2000}, [] {
    std::atomic<bool> never{false};
    while (!never.load(mo::relaxed)) std::this_thread::yield();
  });
  EXPECT_THAT(std::string(result.failure), StartsWith("step limit"));
}

// --- Memory. ---

TEST(Bugs, ADoubleFreeAndALeakAreNamed) {
  ExpectFound("double free", 1, [] {
    auto* volatile p = new int;
    delete p;
    delete p;
  });
  const Result leak = Explore({.executions = 1, .leaks_fail = true}, [] {
    auto* volatile p = new int;
    *p = 1;
  });
  EXPECT_THAT(std::string(leak.failure), HasSubstr("leak: 1 block"));
}

TEST(Bugs, AnAbortAndAnAssertionOfTheBodyAreFailures) {
  ExpectFound("abort called by T1", 1, [] { std::abort(); });
}

// --- Spurious failures. ---

TEST(Bugs, AWeakCompareExchangeThatIsTriedOnceMayFail) {
  ExpectFound("does not hold", 2000, [] {
    std::atomic<int> word{0};
    int expected = 0;
    ASHLAR_REQUIRE(word.compare_exchange_weak(expected, 1, mo::relaxed));
  });
  ExpectClean([] {
    std::atomic<int> word{0};
    int expected = 0;
    ASHLAR_REQUIRE(word.compare_exchange_strong(expected, 1, mo::relaxed));
  });
}

// --- State between executions. ---

int g_count = 0;
std::vector<int> g_list;

TEST(State, GlobalsAreRolledBackAfterEachExecution) {
  ExpectClean([] {
    ASHLAR_REQUIRE(g_count == 0);
    ++g_count;
    ASHLAR_REQUIRE(g_list.empty());
    g_list.reserve(1);
    g_list.clear();
    std::vector<int>().swap(g_list);
    static int calls = 0;
    ASHLAR_REQUIRE(++calls == 1);
  });
  EXPECT_EQ(g_count, 0);
}

thread_local int t_value = 7;

TEST(State, EachThreadOfEachExecutionHasItsOwnThreadLocals) {
  ExpectClean([] {
    const auto use = [](int value) {
      ASHLAR_REQUIRE(t_value == 7);
      t_value = value;
      std::this_thread::yield();
      ASHLAR_REQUIRE(t_value == value);
    };
    Both([&] { use(1); }, [&] { use(2); });
    ASHLAR_REQUIRE(t_value == 7);
  });
}

TEST(State, EachThreadHasItsOwnErrno) {
  ExpectClean([] {
    const auto use = [](int value) {
      errno = value;
      std::this_thread::yield();
      ASHLAR_REQUIRE(errno == value);
    };
    Both([&] { use(1); }, [&] { use(2); });
  });
}

}  // namespace
}  // namespace ashlar::explorer
