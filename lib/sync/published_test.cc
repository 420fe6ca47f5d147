#include "ashlar/internal/sync/published.h"

#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

// Plain throughout: the edge alone makes it visible.
struct Node {
  Node* next = nullptr;
  int value = 0;
};

TEST(Published, IsNullUntilItIsPublished) {
  Published<Node, Concurrent> concurrent;
  Published<Node, SingleThreaded> single;
  EXPECT_EQ(concurrent.Get(), nullptr);
  EXPECT_EQ(single.Get(), nullptr);
  Node node;
  concurrent.Publish(&node);
  single.Publish(&node);
  EXPECT_EQ(concurrent.Get(), &node);
  EXPECT_EQ(single.Get(), &node);
}

TEST(Published, WhoSeesThePointerSeesWhatItPointsTo) {
  struct Shared {
    Published<Node, Concurrent> head;
    Node node;
  };
  const auto shared = std::make_unique<Shared>();
  std::thread writer([&] {
    shared->node.value = 1;
    shared->head.Publish(&shared->node);
  });
  std::thread reader([&] {
    Node* node;
    while ((node = shared->head.Get()) == nullptr) {
    }
    EXPECT_EQ(node->value, 1);
  });
  writer.join();
  reader.join();
}

TEST(Published, WhoFollowsAListOfPushesSeesEachOfThem) {
  constexpr int kPushers = 3;
  constexpr int kEach = 200;
  struct Shared {
    Published<Node, Concurrent> head;
    Node nodes[kPushers][kEach];
  };
  const auto shared = std::make_unique<Shared>();
  std::vector<std::thread> threads;
  for (auto& mine : shared->nodes) {
    threads.emplace_back([&shared, &mine] {
      for (Node& node : mine) {
        node.value = 1;
        shared->head.Push(&node, [](Node* pushed, Node* next) { pushed->next = next; });
      }
    });
  }
  threads.emplace_back([&shared] {
    int length = 0;
    while (length < kPushers * kEach) {
      int now = 0;
      for (const Node* node = shared->head.Get(); node != nullptr; node = node->next) {
        now += node->value;
      }
      ASSERT_GE(now, length) << "a list that only grows";
      length = now;
    }
  });
  for (std::thread& thread : threads) thread.join();
}

TEST(MapByte, HoldsOneByte) {
  MapByte map[3];
  map[1].Set(255);
  EXPECT_EQ(map[0].Get(), 0);
  EXPECT_EQ(map[1].Get(), 255);
  EXPECT_EQ(map[2].Get(), 0);
}

}  // namespace
}  // namespace ashlar::internal
