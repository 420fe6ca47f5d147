// Published: edge P1.
#include "ashlar/internal/sync/published.h"

#include <memory>

#include "lib/sync/explored/explored.h"

namespace ashlar::internal {
namespace {

// Plain throughout.
struct Node {
  Node* next = nullptr;
  int value = 0;
};
struct Nodes {
  Published<Node, Concurrent> head;
  Node nodes[2];

  void Push(int i) {
    nodes[i].value = 1;
    head.Push(&nodes[i], [](Node* pushed, Node* next) { pushed->next = next; });
  }
  int Length() const {
    int length = 0;
    for (const Node* node = head.Get(); node != nullptr; node = node->next) length += node->value;
    return length;
  }
};

TEST(PublishedExplored, WhoSeesThePointerSeesWhatItPointsTo) {
  ExpectAlways([] {
    const auto shared = std::make_unique<Nodes>();
    Together({
        [&] {
          shared->nodes[0].value = 1;
          shared->head.Publish(&shared->nodes[0]);
        },
        [&] {
          const Node* node = shared->head.Get();
          ASHLAR_REQUIRE(node == nullptr || node->value == 1);
        },
    });
  });
}

TEST(PublishedExplored, WhoFollowsAListOfPushesSeesEachOfThem) {
  ExpectAlwaysWithinLimits([] {
    const auto shared = std::make_unique<Nodes>();
    Together({
        [&] { shared->Push(0); },
        [&] { shared->Push(1); },
        [&] { ASHLAR_REQUIRE(shared->Length() <= 2); },
    });
    ASHLAR_REQUIRE(shared->Length() == 2);
  });
}

}  // namespace
}  // namespace ashlar::internal
