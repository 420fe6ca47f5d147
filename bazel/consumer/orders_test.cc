// A stranger's program: orders from a SlabCache, made by one thread and ended by another, and notes
// of any length from a Heap.
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "ashlar/heap.h"
#include "ashlar/slab_cache.h"

namespace {

struct Order {
  long number;
  char* note;
};

bool Holds(bool condition, const char* what) {
  if (!condition) std::fprintf(stderr, "does not hold: %s\n", what);
  return condition;
}

bool Run() {
  constexpr long kOrders = 10000;
  ashlar::SlabCache<Order> orders;
  ashlar::SystemMemory system;
  ashlar::Heap notes(system);

  std::vector<ashlar::SlabBox<Order>> queue;
  std::thread clerk([&queue, &notes, orders]() mutable {
    for (long i = 0; i < kOrders; ++i) {
      const std::size_t length = 1 + static_cast<std::size_t>(i % 500);
      char* note = static_cast<char*>(notes.Allocate(length));
      std::memset(note, static_cast<int>(i % 100), length);
      queue.push_back(orders.Make(i, note));
    }
  });
  clerk.join();

  bool good = Holds(queue.size() == kOrders, "every order was made");
  for (long i = 0; i < kOrders; ++i) {
    const Order& order = *queue[static_cast<std::size_t>(i)];
    good = good && Holds(order.number == i, "the orders are their own");
    good = good && Holds(order.note[i % 500] == i % 100, "the notes are their own");
    notes.Free(order.note);
  }
  queue.clear();
  good = good && Holds(orders.Statistics().live_objects == 0, "no order is left");
  return good && Holds(notes.Statistics().used_bytes == 0, "no note is left");
}

}  // namespace

int main() { return Run() ? 0 : 1; }
