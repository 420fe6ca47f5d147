// free_list.h - the work that both explorers are timed at: two threads, each of which takes a node
// off a tagged free list, writes to it, and puts it back, three times; some 50 atomic accesses.
//
// Written once for either kind of atomics: std::atomic, or those of Relacy, which are types and
// macros of its own.
#ifndef ASHLAR_BENCH_EXPLORER_FREE_LIST_H_
#define ASHLAR_BENCH_EXPLORER_FREE_LIST_H_

#include <cstdint>

namespace ashlar::bench {

inline constexpr int kNodes = 4;
inline constexpr int kRounds = 3;

// `Atomics` has Word (an atomic std::uint64_t), Plain (an int), and the operations on them.
template <typename Atomics>
struct FreeList {
  typename Atomics::Word head;  // tag and number of the first node, from 1
  typename Atomics::Word next[kNodes + 1];
  typename Atomics::Plain owner[kNodes + 1];

  static std::uint64_t NodeOf(std::uint64_t head_word) { return head_word & 0xffffffff; }
  static std::uint64_t Next(std::uint64_t head_word, std::uint64_t node) {
    return ((head_word >> 32) + 1) << 32 | node;
  }

  // Before there are threads.
  void Fill() {
    for (std::uint64_t i = 1; i <= kNodes; ++i) {
      Atomics::StoreRelaxed(next[i], i < kNodes ? i + 1 : 0);
      Atomics::Write(owner[i], 0);
    }
    Atomics::StoreRelaxed(head, 1);
  }

  std::uint64_t Pop() {
    std::uint64_t seen = Atomics::LoadAcquire(head);
    while (NodeOf(seen) != 0) {
      const std::uint64_t after = Atomics::LoadRelaxed(next[NodeOf(seen)]);
      if (Atomics::ExchangeAcquire(head, seen, Next(seen, after))) break;
    }
    return NodeOf(seen);
  }

  void Push(std::uint64_t node) {
    std::uint64_t seen = Atomics::LoadRelaxed(head);
    do {
      Atomics::StoreRelaxed(next[node], NodeOf(seen));
    } while (!Atomics::ExchangeRelease(head, seen, Next(seen, node)));
  }

  // False: a node belonged to two.
  bool Work(int thread) {
    for (int round = 0; round < kRounds; ++round) {
      const std::uint64_t node = Pop();
      if (node == 0) return false;  // four nodes for two threads
      Atomics::Write(owner[node], thread);
      if (Atomics::Read(owner[node]) != thread) return false;
      Push(node);
    }
    return true;
  }
};

}  // namespace ashlar::bench

#endif  // ASHLAR_BENCH_EXPLORER_FREE_LIST_H_
